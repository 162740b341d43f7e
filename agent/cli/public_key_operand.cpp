#include "agent/cli/public_key_operand.h"

#include "hsm/file/key_form.h"
#include "hsm/os/free_name.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/keys/certificate.h"

namespace agent {
namespace {

constexpr std::size_t kMaxPublicKeyFile = 1 << 20;

}  // namespace

std::vector<tuf::PublicKey> read_public_keys(const std::vector<std::string>& files) {
  if (files.empty()) {
    throw tuf::Error(tuf::ErrorCode::kUsage, "no public key is given",
                     "name the signer's certificate or .pub file with --key FILE");
  }
  std::vector<tuf::PublicKey> keys;
  for (const std::string& file : files) {
    keys.push_back(
        hsm::read_public_key(hsm::InputFile(file, "the public key").read_all(kMaxPublicKeyFile), file));
  }
  return keys;
}

std::vector<tuf::PublicKey> read_signers_keys(const std::vector<std::string>& files, tuf::Time now) {
  std::vector<tuf::PublicKey> keys = read_public_keys(files);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto problem = tuf::delegation_certificate_problem(keys[i], now);
    if (!problem) continue;
    const std::string bare = tuf::shell_path(hsm::free_name(files[i], ".pub"));
    throw tuf::Error(tuf::ErrorCode::kKeyUnsupported,
                     tuf::printable(files[i]) + " cannot be used: " + *problem,
                     "name a certificate that holds now, or this one's bare key: openssl x509 -in " +
                         tuf::shell_path(files[i]) + " -noout -pubkey > " + bare + "; then name " + bare);
  }
  return keys;
}

}  // namespace agent
