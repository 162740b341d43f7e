#include "agent/store/server_key_files.h"

#include "hsm/file/open_key.h"
#include "hsm/file/private_file.h"
#include "tuf/base/error.h"

namespace agent {

ServerKeyFiles::ServerKeyFiles(std::filesystem::path folder, tuf::Gun gun)
    : folder_(std::move(folder)), gun_(std::move(gun)) {}

std::shared_ptr<tuf::Signer> ServerKeyFiles::find(const tuf::RoleName& role) {
  if (const auto open = open_.find(role); open != open_.end()) return open->second;
  const std::filesystem::path path = folder_ / (role.text() + ".key");
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return nullptr;
  const std::vector<hsm::KeyPem> keys = hsm::read_key_file(path);
  if (keys.size() != 1 || keys.front().is_encrypted()) {
    throw tuf::Error(tuf::ErrorCode::kKeyMalformed,
                     path.string() + " must hold one private key, not encrypted");
  }
  return open_[role] = std::make_shared<hsm::PrivateKey>(keys.front().open());
}

std::shared_ptr<tuf::Signer> ServerKeyFiles::find_or_make(const tuf::RoleName& role) {
  if (auto signer = find(role)) return signer;
  const hsm::PrivateKey key = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
  const std::filesystem::path path = folder_ / (role.text() + ".key");
  // If another process was faster, its key is the one.
  hsm::write_private_file(path, hsm::format_key_pem(key, {role.text(), gun_.text(), {}}, hsm::Secret({})),
                          hsm::IfExists::kFail);
  return find(role);
}

}  // namespace agent
