#include "hsm/secret_source.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "hsm/os/free_name.h"
#include "hsm/os/private_file.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/text_encoding.h"

namespace hsm {
namespace {

constexpr std::array<std::string_view, 9> kVariables = {
    "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE",
    "NOTARY_ROOT_PASSPHRASE",
    "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE",
    "NOTARY_TARGETS_PASSPHRASE",
    "NOTARY_SNAPSHOT_PASSPHRASE",
    "NOTARY_DELEGATION_PASSPHRASE",
    "COUNTERSIGN_NEW_PASSPHRASE",
    "COUNTERSIGN_PIN",
    "NOTARY_AUTH",
};
constexpr std::string_view kFileSuffix = "_FILE";
constexpr std::size_t kMaxSecretFile = 64 << 10;

std::string twin(std::string_view name) {
  return std::string(name) + std::string(kFileSuffix);
}

/// Overwrites the value of `name` wherever it stands in the environment; the name may be there twice.
void wipe_variable(const std::string& name) {
  const std::string start = name + "=";
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::string_view(*entry).starts_with(start)) {
      char* value = *entry + start.size();
      OPENSSL_cleanse(value, std::strlen(value));
    }
  }
  unsetenv(name.c_str());
}

}  // namespace

Secret read_secret_file(const std::filesystem::path& path) {
  const PrivateFile file = read_private_file(path, kMaxSecretFile);
  const auto mend = [&](const std::string& encoding) {
    return "convert it with: " + to_utf8_in_place(encoding, path.string());
  };
  tuf::refuse_wide(file.text(), path.string(), mend);
  std::string_view line = tuf::without_mark(file.text());
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return Secret(line);
}

SecretSource SecretSource::take_environment() {
  SecretSource source;
  for (const std::string_view variable : kVariables) {
    const std::string name(variable);
    if (const char* value = getenv(name.c_str())) {
      source.take(name, value);
      wipe_variable(name);
    }
    if (const char* path = getenv(twin(name).c_str())) {
      source.take(twin(name), path);
      unsetenv(twin(name).c_str());
    }
  }
  return source;
}

SecretSource::SecretSource(const std::map<std::string, std::string>& variables) {
  for (const auto& [name, value] : variables) take(name, value);
}

void SecretSource::take(const std::string& name, std::string_view value) {
  if (value.empty()) {
    empty_.insert(name);
  } else if (name.ends_with(kFileSuffix)) {
    files_[name] = value;
  } else {
    secrets_.emplace(name, Secret(value));
  }
}

const Secret* SecretSource::find(const std::vector<std::string>& names) {
  const std::lock_guard lock(*mutex_);
  for (const std::string& name : names) {
    if (const auto found = secrets_.find(name); found != secrets_.end()) return &found->second;
    if (const auto read = secrets_.find(twin(name)); read != secrets_.end()) return &read->second;
    const auto file = files_.find(twin(name));
    if (file == files_.end()) continue;
    try {
      return &secrets_.emplace(twin(name), read_secret_file(file->second)).first->second;
    } catch (const tuf::Error& error) {
      // Whoever takes NAME_FILE for NAME has put the secret itself there: only what is a file is named.
      if (::access(file->second.c_str(), F_OK) == 0) throw error.with_context(twin(name));
      throw tuf::Error(tuf::ErrorCode::kFileUnreadable, twin(name) + " does not name a file that can be read",
                       "set it to the path of a file that holds the secret, or " + name + " to the secret");
    }
  }
  return nullptr;
}

std::string SecretSource::variable_in_use(const std::vector<std::string>& names) const {
  const std::lock_guard lock(*mutex_);
  for (const std::string& name : names) {
    if (secrets_.contains(name)) return name;
    if (files_.contains(twin(name))) return twin(name);
  }
  return names.front();
}

std::optional<std::string> SecretSource::empty_variable(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    if (empty_.contains(name)) return name;
    if (empty_.contains(twin(name))) return twin(name);
  }
  return std::nullopt;
}

std::vector<std::string> SecretSource::passphrase_variables(std::string_view label) {
  if (label == "root") return {"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "NOTARY_ROOT_PASSPHRASE"};
  std::vector<std::string> names = {"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"};
  if (label == "targets") {
    names.emplace_back("NOTARY_TARGETS_PASSPHRASE");
  } else if (label == "snapshot") {
    names.emplace_back("NOTARY_SNAPSHOT_PASSPHRASE");
  } else if (label != "timestamp") {  // notary has none for it
    names.emplace_back("NOTARY_DELEGATION_PASSPHRASE");
  }
  return names;
}

const Secret* SecretSource::find_passphrase(std::string_view label) {
  return find(passphrase_variables(label));
}

const Secret& SecretSource::passphrase(std::string_view label) {
  const std::vector<std::string> names = passphrase_variables(label);
  const Secret* secret = find_passphrase(label);
  if (secret && !secret->empty()) return *secret;
  if (const auto empty = secret ? std::optional(variable_in_use(names)) : empty_variable(names)) {
    throw tuf::Error(tuf::ErrorCode::kSecretMissing, "the passphrase in " + *empty + " is empty",
                     "write the passphrase there anew, and nothing else");
  }
  std::string tried;
  for (const std::string& name : names) tried += (tried.empty() ? "" : ", ") + name + ", " + twin(name);
  throw tuf::Error(tuf::ErrorCode::kSecretMissing, "no passphrase is set; looked for " + tried,
                   "set " + names.front() + ", or " + twin(names.front()) + " to a file that holds it");
}

}  // namespace hsm
