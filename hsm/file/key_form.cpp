#include "hsm/file/key_form.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "hsm/file/der_reader.h"
#include "hsm/file/private_key_der.h"
#include "hsm/os/free_name.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/text_encoding.h"
#include "tuf/keys/pem.h"

namespace hsm {
namespace {

using namespace std::string_view_literals;
using tuf::ByteView;
using tuf::Error;
using tuf::ErrorCode;
using tuf::PemBlock;

constexpr std::string_view kExportPublic =
    "the private key stays with the signer; give its public half: countersign key export FILE --out "
    "FILE.pub; then name FILE.pub";
constexpr const char* kWriteAgain =
    "write it again, where the private key is, with: countersign key export KEY --out NEW.pub";
constexpr std::string_view kNamePrivate =
    "sign with the private key that belongs to it; see those at hand with: countersign key list";

constexpr std::string_view kConvert = "convert it with: ";

/// Of OpenSSL's old form of encryption, with blocks, and so initial values, of 16 bytes; those of others
/// have 8.
constexpr std::array kWideCiphers = {"AES"sv, "ARIA"sv, "CAMELLIA"sv, "SEED"sv};

constexpr std::string_view kDisguised = "CERTIFICATE around PKCS7";

/// A form that is not read, and the commands that make a file of it that is; `%` stands for `option`, where
/// the file needs it.
struct Form {
  std::string_view label;  // of its PEM block
  std::string_view what;
  std::string_view to_public;
  std::string_view to_private;  // empty: there is none inside
};

constexpr std::array kForms = {
    Form{"PKCS12", "a PKCS#12 archive", "openssl pkcs12% -in FILE -nokeys -out FILE.pem",
         "openssl pkcs12% -in FILE -nocerts -out FILE.pem"},
    Form{
        "PKCS7", "a PKCS#7 bundle of certificates", "openssl pkcs7% -in FILE -print_certs -out FILE.pem", {}},
    Form{kDisguised,
         "a PKCS#7 bundle of certificates",
         "sed 's/ CERTIFICATE-/ PKCS7-/' FILE | openssl pkcs7 -print_certs -out FILE.pem",
         {}},
    Form{"RSA PUBLIC KEY",
         "a PKCS#1 public key",
         "openssl rsa -RSAPublicKey_in% -in FILE -pubout -out FILE.pem",
         {}},
    Form{"CERTIFICATE REQUEST",
         "a certificate request",
         "openssl req% -in FILE -noout -pubkey -out FILE.pem",
         {}},
    Form{"NEW CERTIFICATE REQUEST",
         "a certificate request",
         "openssl req% -in FILE -noout -pubkey -out FILE.pem",
         {}},
    Form{
        "X509 CERTIFICATE", "a certificate of OpenSSL's old form", "openssl x509 -in FILE -out FILE.pem", {}},
    Form{"TRUSTED CERTIFICATE",
         "a certificate of OpenSSL's own form",
         "openssl x509 -in FILE -out FILE.pem",
         {}},
    Form{"OPENSSH PRIVATE KEY", "a private key of ssh", "ssh-keygen -e -m PKCS8 -f FILE > FILE.pem",
         "install -m 600 FILE FILE.pem && ssh-keygen -p -m PKCS8 -f FILE.pem"},
    Form{"SSH2 PUBLIC KEY",
         "a public key of ssh",
         "ssh-keygen -i -m RFC4716 -f FILE | ssh-keygen -e -m PKCS8 -f /dev/stdin > FILE.pem",
         {}},
    Form{"JKS", "a keystore of Java",
         "keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12 && openssl "
         "pkcs12 -in FILE.p12 -nokeys -out FILE.pem",
         "keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12 && openssl "
         "pkcs12 -in FILE.p12 -nocerts -out FILE.pem"},
    Form{"ssh", "a public key of ssh", "ssh-keygen -e -m PKCS8 -f FILE > FILE.pem", {}},
};

/// Methods of encryption of PKCS#12 that OpenSSL 3 has only in its legacy provider: RC4 and RC2.
bool needs_legacy(std::string_view archive) {
  for (const char number : {'\1', '\2', '\5', '\6'}) {
    const std::string method = std::string("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01") + number;
    if (archive.find(method) != std::string_view::npos) return true;
  }
  return false;
}

/// `ssh-rsa AAAA… comment`, as in id_rsa.pub and in authorized_keys.
struct SshLine {
  int number;
  std::string_view type;
};

/// Empty unless the first line that is no comment is one.
std::vector<SshLine> ssh_lines(std::string_view text) {
  std::vector<SshLine> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view type = line.substr(0, line.find_first_of(" \t\r"));
    const bool known = type.starts_with("ssh-") || type.starts_with("ecdsa-sha2-") || type.starts_with("sk-");
    if (known && type.size() < line.size()) {
      lines.push_back({number, type});
    } else if (lines.empty() && !type.empty() && !type.starts_with('#')) {
      return {};
    }
  }
  return lines;
}

/// Of those that come as another form, and not only as a bare key.
bool has_certificate(const Form& form) {
  return form.to_public.find("x509 ") != std::string_view::npos ||
         form.to_public.find("-print_certs") != std::string_view::npos ||
         form.to_public.find("-nokeys") != std::string_view::npos;
}

bool is_for_notary(std::string_view ssh_key) {
  const auto has = [&](std::string_view name) { return ssh_key.find(name) != std::string_view::npos; };
  return (has("ssh-rsa") || has("ecdsa-sha2-")) && !has("sk-ecdsa");
}

Error unreadable(const Form& form, KeyHalf wanted, std::string_view option) {
  const bool is_private = wanted == KeyHalf::kPrivate;
  const std::string what = "it holds " + std::string(form.what) + ", which is not read here";
  if (is_private && form.to_private.empty()) {
    return {ErrorCode::kKeyUnsupported, "it holds " + std::string(form.what) + ", not a private key",
            std::string(kNamePrivate)};
  }
  if (wanted == KeyHalf::kCertificate && !has_certificate(form))
    return {ErrorCode::kKeyUnsupported, "it holds " + std::string(form.what) + ", not a certificate"};
  std::string command(is_private ? form.to_private : form.to_public);
  if (const std::size_t place = command.find('%'); place != std::string::npos)
    command.replace(place, 1, option);
  return {ErrorCode::kKeyUnsupported, what, std::string(kConvert) + command + "; then name FILE.pem"};
}

const Form* find_form(std::string_view label) {
  const auto found =
      std::find_if(kForms.begin(), kForms.end(), [&](const Form& form) { return form.label == label; });
  return found == kForms.end() ? nullptr : &*found;
}

bool is_private(const PemBlock& block) {
  return block.label.ends_with("PRIVATE KEY");
}

/// `certutil -encode` calls everything a certificate.
bool is_disguised_bundle(const PemBlock& block) {
  return block.label == "CERTIFICATE" && der_label(block.content) == "PKCS7";
}

bool is_public(const PemBlock& block) {
  return block.label == "PUBLIC KEY" || (block.label == "CERTIFICATE" && !is_disguised_bundle(block));
}

/// Of a private key whose public half is of no use either, that is said at once.
Error private_for_public(std::string_view label, ByteView der) {
  try {
    if (read_private_key(label, der).public_key().type() == tuf::KeyType::kEd25519)
      return {ErrorCode::kKeyUnsupported, "it holds an Ed25519 key, which cannot sign for a delegation"};
  } catch (const Error& error) {
    return error.with_context("it holds a private key");
  }
  return {ErrorCode::kKeyUnsupported, "it holds a private key", std::string(kExportPublic)};
}

std::optional<Error> foreign_block(const PemBlock& block, KeyHalf wanted) {
  if (block.label == "OPENSSH PRIVATE KEY" && !is_for_notary(tuf::as_text(block.content))) {
    return Error(ErrorCode::kKeyUnsupported, "it holds a key of ssh that is neither EC nor RSA");
  }
  const Form* form = find_form(is_disguised_bundle(block) ? kDisguised : block.label);
  if (form == nullptr && wanted == KeyHalf::kPublic && is_private(block)) {
    const bool is_encrypted = block.label == "ENCRYPTED PRIVATE KEY" || block.headers.contains("Proc-Type");
    if (!is_encrypted) return private_for_public(block.label, block.content);
    return Error(ErrorCode::kKeyUnsupported, "it holds a private key", std::string(kExportPublic));
  }
  if (form == nullptr && wanted == KeyHalf::kPrivate && is_public(block)) {
    return Error(ErrorCode::kKeyUnsupported, "it holds no private key, only the public half",
                 std::string(kNamePrivate));
  }
  if (form == nullptr) return std::nullopt;
  return unreadable(*form, wanted, "");
}

/// What is written by the shell, and not by a program that knows a private key's place.
Error to_convert(const std::string& what, const std::string& command, KeyHalf wanted) {
  return {ErrorCode::kKeyUnsupported, what,
          std::string(kConvert) + (wanted == KeyHalf::kPrivate ? "(umask 077; " + command + ")" : command) +
              "; then name FILE.pem"};
}

bool is_base64(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n") ==
         std::string_view::npos;
}

/// Of what stands between the boundaries of PEM on one line: whether each of its headers ends at a blank, and
/// the key begins behind them.
bool headers_stand_apart(std::string_view body) {
  constexpr std::size_t kShortest = 16;  // of a line of base64 that is no word of a header
  const auto take_word = [&] {
    constexpr std::string_view kBlank = " \t\r";
    body.remove_prefix(std::min(body.find_first_not_of(kBlank), body.size()));
    const std::string_view word = body.substr(0, body.find_first_of(kBlank));
    body.remove_prefix(word.size());
    return word;
  };
  std::string_view word = take_word();
  for (; word.ends_with(':'); word = take_word()) take_word();
  return word.size() >= kShortest && is_base64(word);
}

/// The expression for the headers of PEM on one line: empty if there are none, nullopt if it cannot be told
/// where they end.
std::optional<std::string> headers_on_one_line(std::string_view text) {
  std::string headers;
  for (std::size_t begin = 0; (begin = text.find("-----BEGIN ", begin)) != std::string_view::npos; ++begin) {
    const std::size_t start = text.find("-----", begin + 1);
    if (start == std::string_view::npos) break;
    const std::string_view body = text.substr(start + 5, text.find("-----", start + 5) - start - 5);
    if (body.find(':') == std::string_view::npos) continue;
    headers = "[A-Za-z-]+: [^[:space:]]+";
    if (headers_stand_apart(body)) continue;
    // Those of OpenSSL's encrypted keys have a length of their own.
    constexpr std::string_view kEncrypted = "Proc-Type: 4,ENCRYPTEDDEK-Info: ";
    if (!body.starts_with(kEncrypted)) return std::nullopt;
    const std::string_view cipher = body.substr(kEncrypted.size());
    const bool wide = std::any_of(kWideCiphers.begin(), kWideCiphers.end(),
                                  [&](std::string_view name) { return cipher.starts_with(name); });
    return "Proc-Type: 4,ENCRYPTED|DEK-Info: [A-Z0-9-]+,[0-9A-F]{" + std::string(wide ? "32" : "16") + "}";
  }
  return headers;
}

/// What gives each line of PEM, and the end of its headers, back to it.
std::string split_lines(const std::string& headers) {
  constexpr std::string_view kRest = "[A-Za-z0-9+/=]{1,64}' FILE";
  const std::string lines = "grep -oE -e '-----[^-]+-----|";
  if (headers.empty()) return lines + std::string(kRest) + " > FILE.pem";
  return lines + headers + "|" + std::string(kRest) +
         " | awk '!/:/ {if (h) print \"\"} {h = /:/; print}' > FILE.pem";
}

/// What becomes of a key in a variable of a CI system, or on its way into one.
std::optional<Error> broken_by_variable(std::string_view text, KeyHalf wanted) {
  constexpr std::size_t kShortest = 64;  // of any key, in base64
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  const bool is_pem = text.find("-----BEGIN ") != std::string_view::npos;
  if (is_pem && text.find("-----\\n") != std::string_view::npos) {
    return to_convert("it is PEM with \\n in the place of ends of lines",
                      "printf '%b\\n' \"$(cat FILE)\" > FILE.pem", wanted);
  }
  if (is_pem && text.find('\n') == std::string_view::npos) {
    if (const auto headers = headers_on_one_line(text)) {
      return to_convert("it is PEM without ends of lines", split_lines(*headers), wanted);
    }
    return Error(ErrorCode::kKeyMalformed,
                 "it is PEM without ends of lines, and nothing in it tells where its headers end",
                 wanted == KeyHalf::kPrivate ? "" : kWriteAgain);
  }
  // "-----BEGIN ", or the sequence with which DER begins.
  if (text.size() >= kShortest && is_base64(text) &&
      (text.starts_with("LS0tLS1CRUdJTi") || text.starts_with('M')))
    return to_convert("it is in base64, once more than it should be", "base64 -d FILE > FILE.pem", wanted);
  if (wanted != KeyHalf::kCertificate && text.starts_with('{') &&
      text.find("\"kty\"") != std::string_view::npos) {
    const std::string half = wanted == KeyHalf::kPrivate ? "Private" : "Public";
    return to_convert("it is a JSON Web Key, which is not read here",
                      "node -e 'console.log(crypto.create" + half +
                          "Key({key: JSON.parse(fs.readFileSync(process.argv[1])), format: \"jwk\"}).export({"
                          "type: \"" +
                          (wanted == KeyHalf::kPrivate ? "pkcs8" : "spki") +
                          "\", format: \"pem\"}))' FILE > FILE.pem",
                      wanted);
  }
  return std::nullopt;
}

/// Java's own two forms; its newer keystores are PKCS#12.
bool is_java_keystore(std::string_view content) {
  return content.starts_with("\xfe\xed\xfe\xed") || content.starts_with("\xce\xce\xce\xce");
}

/// What can be told of a file from its first bytes.
std::optional<Error> foreign_file(std::string_view content, KeyHalf wanted) {
  const std::string_view text = tuf::without_mark(content);
  if (text.find_first_not_of(" \t\r\n"sv) == std::string_view::npos) {
    return Error(ErrorCode::kKeyMalformed, "the file is empty",
                 wanted == KeyHalf::kPublic ? kWriteAgain : "");
  }
  if (const std::string_view encoding = tuf::wide_encoding(content); !encoding.empty()) {
    return to_convert("it is " + std::string(encoding) + " text, not UTF-8",
                      "iconv -f " + std::string(encoding) + " -t UTF-8 FILE > FILE.pem", wanted);
  }
  if (is_java_keystore(content)) return unreadable(*find_form("JKS"), wanted, "");
  if (auto error = broken_by_variable(text, wanted)) return error;
  if (const std::string_view label = der_label(tuf::as_bytes(content)); !label.empty()) {
    if (label == "PKCS12")
      return unreadable(*find_form(label), wanted, needs_legacy(content) ? " -legacy" : "");
    if (const Form* form = find_form(label)) return unreadable(*form, wanted, " -inform DER");
    if (wanted == KeyHalf::kPublic && label.ends_with("PRIVATE KEY") && !label.starts_with("ENCRYPTED"))
      return private_for_public(label, tuf::as_bytes(content));
    return foreign_block({std::string(label), {}, {}}, wanted);
  }
  const std::vector<SshLine> lines = ssh_lines(text);
  if (lines.size() > 1 && wanted == KeyHalf::kPublic) {
    return Error(ErrorCode::kKeyUnsupported, "it holds " + std::to_string(lines.size()) + " keys of ssh",
                 "take out the one that is meant, such as the first, with: sed -n " +
                     std::to_string(lines.front().number) + "p FILE > FILE.1; then name FILE.1");
  }
  const bool ssh2 = text.starts_with("---- BEGIN SSH2 PUBLIC KEY");
  if (ssh2 || !lines.empty()) {
    // What follows in base64 begins with the type as well.
    const bool usable = ssh2 ? text.find("AAAAB3NzaC1yc2") != std::string_view::npos ||
                                   text.find("AAAAE2VjZHNhLXNoYTIt") != std::string_view::npos
                             : is_for_notary(lines.front().type);
    if (usable) return unreadable(*find_form(ssh2 ? "SSH2 PUBLIC KEY" : "ssh"), wanted, "");
    return Error(ErrorCode::kKeyUnsupported, "it holds a key of ssh that is neither EC nor RSA");
  }
  return std::nullopt;
}

bool next_is_integer(DerReader& reader, ByteView& value) {
  if (!reader.next_is(DerTag::kInteger)) return false;
  value = reader.take(DerTag::kInteger);
  return !value.empty();
}

/// After the outer header; throws where the DER ends too early.
std::string_view label_of_sequence(DerReader reader) {
  constexpr ByteView kNone;
  ByteView number = kNone;
  if (next_is_integer(reader, number)) {
    const int version = number.size() == 1 ? number.front() : -1;
    if (version == 3 && reader.next_is(DerTag::kSequence)) return "PKCS12";
    if (version <= 1 && version >= 0 && reader.next_is(DerTag::kSequence)) return "PRIVATE KEY";
    if (version == 1 && reader.next_is(DerTag::kOctetString)) return "EC PRIVATE KEY";
    if (!next_is_integer(reader, number)) return {};
    if (reader.at_end()) return "RSA PUBLIC KEY";
    return version == 0 && reader.next_is(DerTag::kInteger) ? "RSA PRIVATE KEY" : ""sv;
  }
  if (reader.next_is(DerTag::kOid)) {
    return tuf::as_text(reader.take(DerTag::kOid)) == "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" ? "PKCS7" : ""sv;
  }
  DerReader first(reader.take(DerTag::kSequence));
  if (first.next_is(DerTag::kOid)) {
    if (reader.next_is(DerTag::kBitString)) return "PUBLIC KEY";
    return reader.next_is(DerTag::kOctetString) ? "ENCRYPTED PRIVATE KEY" : ""sv;
  }
  if (first.next_is(DerTag::kContext0)) return "CERTIFICATE";
  // A certificate of version 1 has its algorithm behind the number, a request its subject and then its key.
  if (!next_is_integer(first, number)) return {};
  if (DerReader(first.take(DerTag::kSequence)).next_is(DerTag::kOid)) return "CERTIFICATE";
  return DerReader(first.take(DerTag::kSequence)).next_is(DerTag::kSequence) ? "CERTIFICATE REQUEST" : ""sv;
}

/// What BER with lengths left open begins with, as NSS and Apple write archives.
std::string_view open_ended_label(std::string_view ber) {
  constexpr std::string_view kPkcs7 = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";  // data, signedData, …
  if (!ber.starts_with("\x30\x80")) return {};
  ber.remove_prefix(2);
  if (ber.starts_with(kPkcs7)) return ber.substr(kPkcs7.size()).starts_with('\x02') ? "PKCS7" : ""sv;
  const bool is_archive =
      ber.starts_with("\x02\x01\x03\x30") && ber.substr(0, 32).find(kPkcs7) != std::string_view::npos;
  return is_archive ? "PKCS12" : ""sv;
}

/// What follows FILE where the name of a new file stands: `.pem`, `.1`; empty where FILE itself is meant.
std::string_view ending_at(std::string_view text) {
  constexpr std::string_view kPart = "abcdefghijklmnopqrstuvwxyz0123456789";
  if (!text.starts_with('.')) return {};
  const std::size_t end = std::min(text.find_first_not_of(kPart, 1), text.size());
  return end == 1 ? ""sv : text.substr(0, end);
}

/// In every place where FILE stands as a word, not in the name of a variable. What is to be written gets a
/// name that is free.
std::string with_name(std::string_view text, const std::string& path, bool splits,
                      const std::function<std::string(const std::string&)>& word) {
  constexpr std::string_view kWord = "FILE";
  constexpr std::string_view kPrefix = "f=";  // of tuf::kSplitFile
  std::string named;
  while (!text.empty()) {
    const bool inside =
        !named.empty() && (named.back() == '_' || (named.back() >= 'A' && named.back() <= 'Z'));
    if (inside || !text.starts_with(kWord)) {
      named += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(kWord.size());
    const std::string_view ending = ending_at(text);
    text.remove_prefix(ending.size());
    if (splits && (!ending.empty() || named.ends_with(kPrefix))) {
      named += word(free_prefix(path) + std::string(ending));
    } else {
      named += word(ending.empty() ? path : free_name(path, ending));
    }
  }
  return named;
}

}  // namespace

std::string_view der_label(ByteView der) {
  if (!is_one_sequence(der)) return open_ended_label(tuf::as_text(der));
  try {
    return label_of_sequence(DerReader(DerReader(der).take(DerTag::kSequence)));
  } catch (const Error&) {  // DER, but of something else
    return {};
  }
}

std::string as_pem(std::string content) {
  const std::string_view label = der_label(tuf::as_bytes(content));
  if (label != "CERTIFICATE" && label != "PUBLIC KEY") return content;
  return tuf::format_pem({std::string(label), {}, tuf::Bytes(content.begin(), content.end())});
}

Error in_file(const Error& error, const std::filesystem::path& path, const std::optional<Mention>& mention) {
  const std::string_view hint = error.hint();
  const bool splits = hint.find("f=FILE") != std::string_view::npos;
  const std::size_t then = mention ? std::min(hint.find("; then name "), hint.size()) : hint.size();
  std::string named = with_name(hint.substr(0, then), path.string(), splits, tuf::shell_path);
  if (then < hint.size()) {
    // All names that are made of it begin with the file's own.
    named += with_name(hint.substr(then), path.string(), splits, [&](const std::string& name) {
      return tuf::printable(mention->path + name.substr(path.string().size()));
    });
    named += " in " + mention->place;
  }
  return error.with_context(path.string()).with_hint(named);
}

Error no_key_in(std::string_view content, KeyHalf wanted) {
  if (auto error = foreign_file(content, wanted)) return *error;
  for (const PemBlock& block : tuf::parse_pem(content)) {
    if (auto error = foreign_block(block, wanted)) return *error;
  }
  if (wanted == KeyHalf::kCertificate) return {ErrorCode::kKeyMalformed, "it holds no certificate"};
  const bool damaged = content.find("-----BEGIN ") != std::string_view::npos;
  const std::string what =
      damaged ? "a block of it is damaged or of a kind that is not known here, and it holds " : "it holds ";
  return {ErrorCode::kKeyMalformed,
          what + (wanted == KeyHalf::kPublic ? "neither a certificate nor a public key" : "no private key"),
          wanted == KeyHalf::kPublic ? kWriteAgain : "name another file, or a key of: countersign key list"};
}

std::optional<Error> to_be_converted(std::string_view content, KeyHalf wanted) {
  const Error error = no_key_in(content, wanted);
  return error.hint().starts_with(kConvert) ? std::optional(error) : std::nullopt;
}

tuf::PublicKey public_key_in(std::string_view text) {
  const std::string content = as_pem(std::string(text));
  const std::vector<PemBlock> blocks = tuf::parse_pem(content);
  const bool has_key = std::any_of(blocks.begin(), blocks.end(), is_public);
  if (!has_key) throw no_key_in(content, KeyHalf::kPublic);
  const auto secret = std::find_if(blocks.begin(), blocks.end(), is_private);  // must not be here at all
  if (secret != blocks.end()) throw Error(*foreign_block(*secret, KeyHalf::kPublic));
  return tuf::PublicKey::from_pem(content);
}

tuf::PublicKey read_public_key(std::string_view file, const std::filesystem::path& path,
                               const std::optional<Mention>& mention) {
  try {
    return public_key_in(file);
  } catch (const Error& error) {
    throw in_file(error, path, mention);
  }
}

}  // namespace hsm
