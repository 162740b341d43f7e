#include "agent/http/docker_config.h"

#include <openssl/crypto.h>

#include <vector>

#include "agent/http/credential_helper.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Json;

constexpr std::size_t kMaxFile = 4 << 20;
/// The one registry whose entry is not its host name.
const char kHubHost[] = "docker.io";
const char kHubKey[] = "https://index.docker.io/v1/";

const char kMend[] = "mend it, or name another folder in DOCKER_CONFIG";

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
}

void wipe_strings(Json& value) {
  if (value.is_string()) return wipe(value.get_ref<std::string&>());
  if (value.is_structured()) {
    for (Json& element : value) wipe_strings(element);
  }
}

/// A parsed config.json, wiped when it goes.
struct Document {
  Document() = default;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document() { wipe_strings(json); }
  Json json = Json::object();
};

void read_document(const std::filesystem::path& path, Document& document) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) return;
  std::string text = hsm::InputFile(path, "docker's").read_text(kMaxFile, hsm::Convert::kInPlace);
  bool valid = true;
  try {
    document.json = tuf::parse_json(text, path.string());
    valid = document.json.is_object();
  } catch (const Error&) {
    valid = false;  // the parser's message may quote what it read
  }
  wipe(text);
  if (!valid) {
    throw Error(ErrorCode::kConfig, path.string() + " is not the JSON object that docker writes", kMend);
  }
}

/// `registry.example.com:5000` of `https://registry.example.com:5000/v1/`: old entries are URLs.
std::string host_of_key(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  return std::string(key.substr(0, key.find('/')));
}

/// The member of `object` for this registry: by its own key first, then by any key that means the same host.
const Json* find_entry(const Json& object, const std::string& host) {
  if (!object.is_object()) return nullptr;
  const bool is_hub = host == kHubHost;
  const auto exact = object.find(is_hub ? kHubKey : host);
  if (exact != object.end()) return &*exact;
  for (const auto& [key, value] : object.items()) {
    const std::string key_host = host_of_key(key);
    if (key_host == host ||
        (is_hub && (key_host == "index.docker.io" || key_host == "registry-1.docker.io"))) {
      return &value;
    }
  }
  return nullptr;
}

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string_view string_member(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_ref<const std::string&>())
                                                : std::string_view();
}

/// nullopt for the empty entries that docker leaves where a helper has the password.
std::optional<Credential> read_entry(const Json& entry, const std::string& source) {
  if (!entry.is_object()) return std::nullopt;
  const std::string username(string_member(entry, "username"));
  const std::string_view identity_token = string_member(entry, "identitytoken");
  if (!identity_token.empty()) {
    return Credential{source, Credential::Kind::kIdentityToken, username, hsm::Secret(identity_token)};
  }
  const std::string_view auth = string_member(entry, "auth");
  if (!auth.empty()) {
    auto credential = Credential::from_basic(auth, source);
    if (!credential)
      throw Error(ErrorCode::kConfig, source + ": \"auth\" is not the base64 of user:password", kMend);
    return credential;
  }
  if (username.empty()) return std::nullopt;
  return Credential{source, Credential::Kind::kPassword, username,
                    hsm::Secret(string_member(entry, "password"))};
}

/// The helper that keeps the password for this registry; empty if the file itself does, which an empty name
/// in `credHelpers` says, too.
std::string helper_for(const Json& config, const std::string& host) {
  const Json* helpers = member(config, "credHelpers");
  const Json* named = helpers != nullptr ? find_entry(*helpers, host) : nullptr;
  if (named != nullptr && named->is_string()) return named->get<std::string>();
  return std::string(string_member(config, "credsStore"));
}

}  // namespace

std::optional<Credential> DockerConfig::find(const std::string& host,
                                             std::chrono::milliseconds patience) const {
  Document document;
  read_document(file_, document);
  std::optional<Credential> credential;
  const std::string helper = helper_for(document.json, host);
  if (!helper.empty())
    credential = ask_credential_helper(helper, host == kHubHost ? kHubKey : host, patience);
  const Json* auths = member(document.json, "auths");
  if (!credential && auths != nullptr) {
    if (const Json* entry = find_entry(*auths, host))
      credential = read_entry(*entry, "auths in " + file_.string());
  }
  if (credential) credential->home = host;
  return credential;
}

}  // namespace agent
