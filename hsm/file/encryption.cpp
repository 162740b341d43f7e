#include "hsm/file/encryption.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "hsm/file/der_reader.h"
#include "tuf/base/error.h"
#include "tuf/base/openssl.h"

namespace hsm {
namespace {

using tuf::Bytes;
using tuf::ByteView;
using tuf::Error;
using tuf::ErrorCode;
using Algorithm = tuf::OpensslPtr<X509_ALGOR, X509_ALGOR_free>;
using CipherContext = tuf::OpensslPtr<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

// Ten times what the official clients use; about 20 ms on a small build machine, paid at every opening.
constexpr int kIterations = 20000;
constexpr int kSaltSize = 8;
// What a file may demand, a few seconds of work at most: whoever wrote it may want to keep us busy for days.
// For scrypt OpenSSL bounds the rest, by 32 MiB of memory.
constexpr std::int64_t kMaxIterations = 2'000'000;
constexpr std::int64_t kMaxScryptLanes = 16;
// What OpenSSL 3 no longer has by itself is in its legacy provider. The command asks for both passphrases.
constexpr std::string_view kRewrite =
    "convert it with: openssl pkey -provider legacy -provider default -in FILE -aes256 -out FILE.pem; then "
    "name "
    "FILE.pem";

Error wrong_passphrase(const Secret& passphrase) {
  return {ErrorCode::kWrongPassphrase,
          passphrase.empty() ? "wrong passphrase: it is empty" : "wrong passphrase"};
}

/// The parameters of a method; null if they are of another form.
template <class T, const ASN1_ITEM* (*Item)(), void (*Free)(T*)>
tuf::OpensslPtr<T, Free> unpack(const X509_ALGOR* algorithm) {
  return tuf::OpensslPtr<T, Free>{static_cast<T*>(ASN1_TYPE_unpack_sequence(Item(), algorithm->parameter))};
}

bool exceeds(const ASN1_INTEGER* number, std::int64_t limit) {
  std::int64_t value = 0;
  return ASN1_INTEGER_get_int64(&value, number) != 1 || value > limit;
}

/// True if the method says that it would take too long. What it does not say, OpenSSL will find missing.
bool is_too_costly(const X509_ALGOR* algorithm) {
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    const auto pbes1 = unpack<PBEPARAM, PBEPARAM_it, PBEPARAM_free>(algorithm);
    return pbes1 && exceeds(pbes1->iter, kMaxIterations);
  }
  const auto pbes2 = unpack<PBE2PARAM, PBE2PARAM_it, PBE2PARAM_free>(algorithm);
  if (!pbes2) return false;
  if (OBJ_obj2nid(pbes2->keyfunc->algorithm) == NID_id_scrypt) {
    const auto scrypt = unpack<SCRYPT_PARAMS, SCRYPT_PARAMS_it, SCRYPT_PARAMS_free>(pbes2->keyfunc);
    return scrypt && exceeds(scrypt->parallelizationParameter, kMaxScryptLanes);
  }
  const auto pbkdf2 = unpack<PBKDF2PARAM, PBKDF2PARAM_it, PBKDF2PARAM_free>(pbes2->keyfunc);
  return pbkdf2 && exceeds(pbkdf2->iter, kMaxIterations);
}

/// A cipher keyed by the passphrase; null if OpenSSL does not have the method.
CipherContext make_cipher(const X509_ALGOR* algorithm, const Secret& passphrase, bool encrypt) {
  const ASN1_OBJECT* method = nullptr;
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(&method, &type, &value, algorithm);
  CipherContext context{EVP_CIPHER_CTX_new()};
  // OpenSSL only reads them, its signature is older than const.
  const Secret::Text revealed = passphrase.reveal();
  const std::string_view text = revealed;
  if (!context || type != V_ASN1_SEQUENCE ||
      EVP_PBE_CipherInit(const_cast<ASN1_OBJECT*>(method), text.data(), static_cast<int>(text.size()),
                         algorithm->parameter, context.get(), encrypt ? 1 : 0) != 1) {
    context.reset();
  }
  return context;
}

/// Runs the whole input through the cipher. False if the padding is wrong.
template <class Buffer>
bool run_cipher(EVP_CIPHER_CTX* context, ByteView input, Buffer& output) {
  output.resize(input.size() + static_cast<std::size_t>(EVP_CIPHER_CTX_get_block_size(context)));
  int length = 0;
  int rest = 0;
  const bool ok =
      EVP_CipherUpdate(context, output.data(), &length, input.data(), static_cast<int>(input.size())) == 1 &&
      EVP_CipherFinal_ex(context, output.data() + length, &rest) == 1;
  output.resize(ok ? static_cast<std::size_t>(length + rest) : 0);
  return ok;
}

int give_passphrase(char* buffer, int size, int, void* user) {
  const Secret::Text revealed = static_cast<const Secret*>(user)->reveal();
  const std::string_view text = revealed;
  if (text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

Bytes encode(const X509_ALGOR* algorithm, const ASN1_OCTET_STRING* ciphertext) {
  const tuf::OpensslPtr<X509_SIG, X509_SIG_free> file{X509_SIG_new()};
  X509_ALGOR* to_algorithm = nullptr;
  ASN1_OCTET_STRING* to_ciphertext = nullptr;
  unsigned char* out = nullptr;
  int length = -1;
  if (file) {
    X509_SIG_getm(file.get(), &to_algorithm, &to_ciphertext);
    if (X509_ALGOR_copy(to_algorithm, algorithm) == 1 && ASN1_STRING_copy(to_ciphertext, ciphertext) == 1) {
      length = i2d_X509_SIG(file.get(), &out);
    }
  }
  if (length <= 0) throw Error(ErrorCode::kInternal, "cannot encode a key: " + tuf::drain_openssl_errors());
  Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

}  // namespace

SecretBytes decrypt_pkcs8(ByteView der, const Secret& passphrase) {
  DerReader outer(der);
  DerReader info(outer.take(DerTag::kSequence));
  outer.finish();
  const ByteView method = info.take_element();
  const ByteView ciphertext = info.take(DerTag::kOctetString);
  info.finish();
  const unsigned char* next = method.data();
  const Algorithm algorithm{d2i_X509_ALGOR(nullptr, &next, static_cast<long>(method.size()))};
  if (!algorithm) {
    tuf::drain_openssl_errors();
    throw Error(ErrorCode::kKeyMalformed, "the method of encryption cannot be read");
  }
  if (is_too_costly(algorithm.get())) {
    tuf::drain_openssl_errors();
    throw Error(ErrorCode::kKeyUnsupported,
                "the key is encrypted so that opening it takes too long: more than " +
                    std::to_string(kMaxIterations) + " iterations, or scrypt with more than " +
                    std::to_string(kMaxScryptLanes) + " lanes",
                std::string(kRewrite));
  }
  const CipherContext context = make_cipher(algorithm.get(), passphrase, false);
  if (!context) {
    throw Error(ErrorCode::kKeyUnsupported,
                "the key is encrypted with a method that is not known here: " + tuf::drain_openssl_errors(),
                std::string(kRewrite));
  }
  if (ciphertext.empty() ||
      ciphertext.size() % static_cast<std::size_t>(EVP_CIPHER_CTX_get_block_size(context.get())) != 0) {
    throw Error(ErrorCode::kKeyMalformed, "the encrypted key is cut off");
  }
  SecretBytes plain;
  if (!run_cipher(context.get(), ciphertext, plain) || !is_one_sequence(plain)) {
    tuf::drain_openssl_errors();
    throw wrong_passphrase(passphrase);
  }
  return plain;
}

SecretBytes decrypt_legacy(ByteView ciphertext, const std::string& dek_info, const Secret& passphrase) {
  std::string header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: " + dek_info + "\n";
  EVP_CIPHER_INFO cipher{};
  // Some ciphers OpenSSL 3 knows only by name.
  const auto is_at_hand = [](const EVP_CIPHER* named) {
    return tuf::OpensslPtr<EVP_CIPHER, EVP_CIPHER_free>{
               EVP_CIPHER_fetch(nullptr, EVP_CIPHER_get0_name(named), nullptr)} != nullptr;
  };
  if (PEM_get_EVP_CIPHER_INFO(header.data(), &cipher) != 1 || !is_at_hand(cipher.cipher)) {
    throw Error(ErrorCode::kKeyUnsupported,
                "the key is encrypted with a method that is not known here: " + tuf::drain_openssl_errors(),
                std::string(kRewrite));
  }
  if (ciphertext.empty() ||
      ciphertext.size() % static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher.cipher)) != 0) {
    throw Error(ErrorCode::kKeyMalformed, "the encrypted key is cut off");
  }
  SecretBytes plain(ciphertext.begin(), ciphertext.end());
  auto length = static_cast<long>(plain.size());
  const bool ok =
      PEM_do_header(&cipher, plain.data(), &length, give_passphrase, const_cast<Secret*>(&passphrase)) == 1;
  plain.resize(ok ? static_cast<std::size_t>(length) : 0);
  if (!is_one_sequence(plain)) {
    tuf::drain_openssl_errors();
    throw wrong_passphrase(passphrase);
  }
  return plain;
}

Bytes encrypt_pkcs8(ByteView pkcs8, const Secret& passphrase) {
  std::array<std::uint8_t, kSaltSize> salt{};
  std::array<std::uint8_t, EVP_MAX_IV_LENGTH> iv{};
  Algorithm algorithm;
  if (RAND_bytes(salt.data(), kSaltSize) == 1 && RAND_bytes(iv.data(), static_cast<int>(iv.size())) == 1) {
    // The default PRF and key length are left out, and readers of the official clients want them left out.
    algorithm.reset(PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kIterations, salt.data(), kSaltSize, iv.data(),
                                      NID_hmacWithSHA1));
  }
  const CipherContext context = algorithm ? make_cipher(algorithm.get(), passphrase, true) : nullptr;
  Bytes ciphertext;
  const tuf::OpensslPtr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> octets{ASN1_OCTET_STRING_new()};
  if (!context || !octets || !run_cipher(context.get(), pkcs8, ciphertext) ||
      ASN1_OCTET_STRING_set(octets.get(), ciphertext.data(), static_cast<int>(ciphertext.size())) != 1) {
    throw Error(ErrorCode::kInternal, "cannot encrypt a key: " + tuf::drain_openssl_errors());
  }
  return encode(algorithm.get(), octets.get());
}

}  // namespace hsm
