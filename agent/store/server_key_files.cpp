#include "agent/store/server_key_files.h"

#include "hsm/file/open_key.h"
#include "hsm/os/private_file.h"
#include "tuf/base/error.h"

namespace agent {

ServerKeyFiles::ServerKeyFiles(std::filesystem::path folder, tuf::Gun gun)
    : folder_(std::move(folder)), gun_(std::move(gun)) {}

std::filesystem::path ServerKeyFiles::path_of(const tuf::RoleName& role, std::size_t number) const {
  return folder_ / (role.text() + (number == 1 ? "" : "." + std::to_string(number)) + ".key");
}

std::vector<std::shared_ptr<tuf::Signer>> ServerKeyFiles::all(const tuf::RoleName& role) {
  auto& open = open_[role];
  while (true) {
    const std::filesystem::path path = path_of(role, open.size() + 1);
    std::error_code error;
    if (!std::filesystem::exists(path, error) && !error) return open;
    const std::vector<hsm::KeyPem> keys = hsm::read_key_file(path);
    if (keys.size() != 1 || keys.front().is_encrypted()) {
      throw tuf::Error(tuf::ErrorCode::kKeyMalformed,
                       path.string() + " must hold one private key, not encrypted");
    }
    open.push_back(std::make_shared<hsm::PrivateKey>(keys.front().open()));
  }
}

std::shared_ptr<tuf::Signer> ServerKeyFiles::make(const tuf::RoleName& role) {
  const std::size_t number = all(role).size() + 1;
  const hsm::PrivateKey key = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
  // If another process was faster, its key is the one.
  hsm::write_private_file(path_of(role, number),
                          hsm::format_key_pem(key, {role.text(), gun_.text(), {}}, hsm::Secret({})),
                          hsm::IfExists::kFail);
  return all(role).at(number - 1);
}

void ServerKeyFiles::remove() {
  open_.clear();
  for (const char* role : {"snapshot", "timestamp"}) {
    for (std::size_t number = 1;; ++number) {
      std::error_code failure;
      const std::filesystem::path path = path_of(tuf::RoleName::of(role), number);
      if (!std::filesystem::remove(path, failure) && !failure) break;
      if (failure)
        throw tuf::Error(tuf::ErrorCode::kLocal, "cannot remove " + path.string() + ": " + failure.message());
    }
  }
}

}  // namespace agent
