#include "agent/config/config_file.h"

#include "hsm/key_ref.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Json;
namespace fs = std::filesystem;

constexpr std::size_t kMaxConfigLength = 1 << 20;
const char kOneObject[] = "mend the file: it must be one JSON object";

/// An object of the file and where it stands in it, so that every error can name its member.
class Section {
 public:
  Section(const fs::path& file, std::string name, const Json* object)
      : file_(file), name_(std::move(name)), object_(object) {}

  [[noreturn]] void fail(std::string_view member, const std::string& reason, std::string hint = {}) const {
    throw Error(ErrorCode::kConfig, tuf::printable(file_.string()) + ": " + full_name(member) + " " + reason,
                std::move(hint));
  }

  /// The member of that name in any case; nullptr if it is absent or null.
  const Json* find(std::string_view member) const {
    const Json* found = look_up(member);
    return found != nullptr && !found->is_null() ? found : nullptr;
  }

  /// Whether it is written down, as null.
  bool is_null(std::string_view member) const {
    const Json* found = look_up(member);
    return found != nullptr && found->is_null();
  }

  Section section(std::string_view member) const {
    const Json* value = find(member);
    if (value != nullptr && !value->is_object()) fail(member, "must be an object");
    return {file_, full_name(member), value};
  }

  std::optional<std::string> text(std::string_view member) const {
    const Json* value = find(member);
    if (value == nullptr) return std::nullopt;
    return text_of(member, *value);
  }

  std::optional<bool> boolean(std::string_view member) const {
    const Json* value = find(member);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) fail(member, "must be true or false");
    return value->get<bool>();
  }

  std::vector<std::string> texts(std::string_view member) const {
    const Json* value = find(member);
    return value == nullptr ? std::vector<std::string>() : texts_of(member, *value);
  }

  std::vector<std::string> texts_of(std::string_view member, const Json& value) const {
    if (!value.is_array()) fail(member, "must be a list of strings");
    std::vector<std::string> texts;
    for (const Json& item : value) texts.push_back(text_of(member, item));
    return texts;
  }

  /// A list of strings, or one that stands alone.
  std::vector<std::string> text_or_texts_of(std::string_view member, const Json& value) const {
    return value.is_array() ? texts_of(member, value) : std::vector{text_of(member, value)};
  }

  std::string text_of(std::string_view member, const Json& value) const {
    if (!value.is_string()) fail(member, "must be a string");
    auto text = value.get<std::string>();
    // An empty value would mean "the folder of this file", or worse.
    if (text.empty()) fail(member, "is empty", "leave it out instead");
    if (text.find('\0') != std::string::npos) fail(member, "holds a NUL character");
    return text;
  }

  /// Members with their exact names.
  std::map<std::string, const Json*> members() const {
    std::map<std::string, const Json*> members;
    if (object_ == nullptr) return members;
    for (const auto& [name, value] : object_->items()) members[name] = &value;
    return members;
  }

 private:
  const Json* look_up(std::string_view member) const {
    const Json* found = nullptr;
    if (object_ == nullptr) return found;
    for (const auto& [name, value] : object_->items()) {
      if (!tuf::equals_ignoring_case(name, member)) continue;
      if (found != nullptr) fail(member, "is there twice, in different spellings");
      found = &value;
    }
    return found;
  }

  std::string full_name(std::string_view member) const {
    return (name_.empty() ? std::string() : name_ + ".") + tuf::printable(member);
  }

  fs::path file_;
  std::string name_;  // empty for the whole file
  const Json* object_;
};

/// Reads the sections into a ConfigFile whose path and home folder are known.
class Reader {
 public:
  Reader(const fs::path& path, const fs::path& home) : home_(home) { config_.path = path; }

  ConfigFile read(const Section& whole) {
    config_.trust_dir = path_member(whole, "trust_dir");
    read_server(whole.section("remote_server"));
    read_pins(pin_section(whole, "trust_pinning"));
    read_own(whole.section("countersign"));
    return std::move(config_);
  }

 private:
  fs::path resolve(std::string_view text) const {
    return (config_.folder() / expand_home(text, home_)).lexically_normal();
  }

  std::optional<fs::path> path_member(const Section& section, std::string_view member) const {
    const auto text = section.text(member);
    if (!text) return std::nullopt;
    return resolve(*text);
  }

  void read_server(const Section& section) {
    config_.server = section.text("url");
    config_.root_ca = path_member(section, "root_ca");
    config_.client_certificate = path_member(section, "tls_client_cert");
    config_.client_key = path_member(section, "tls_client_key");
    if (config_.client_certificate.has_value() != config_.client_key.has_value()) {
      section.fail(config_.client_key ? "tls_client_key" : "tls_client_cert", "needs its counterpart",
                   "set both tls_client_cert and tls_client_key");
    }
    if (section.boolean("skipTLSVerify").value_or(false)) {
      section.fail(
          "skipTLSVerify", "is refused: the server's certificate is always checked",
          "take it out and name the server's authority as remote_server.root_ca or with --tlscacert");
    }
  }

  static Section pin_section(const Section& section, std::string_view member) {
    if (section.is_null(member)) fail_empty_pin(section, member);
    return section.section(member);
  }

  void read_pins(const Section& section) {
    const Section certs = pin_section(section, "certs");
    for (const auto& [gun, value] : certs.members()) {
      std::set<tuf::KeyId> ids;
      for (const std::string& text : certs.texts_of(gun, *value)) {
        const auto id = parse_pinned_id(text);
        if (!id)
          certs.fail(gun,
                     "holds \"" + tuf::printable(text, 80) + "\", which is not a key ID (64 hex digits)");
        ids.insert(*id);
      }
      if (ids.empty()) fail_empty_pin(certs, gun);
      config_.pinned_keys[gun] = std::move(ids);
    }
    const Section authorities = pin_section(section, "ca");
    for (const auto& [prefix, value] : authorities.members()) {
      if (prefix.ends_with('*')) {
        authorities.fail(prefix, "would match nothing: here a prefix is written without *");
      }
      config_.pinned_authorities[prefix] = resolve(authorities.text_of(prefix, *value));
    }
    config_.disable_tofu = section.boolean("disable_tofu");
  }

  void read_own(const Section& section) {
    const std::set<std::string> known = {
        "server",    "trust_dir",        "keys",    "module", "insecure_registries", "token_services",
        "audit_log", "audit_checkpoint", "timeout", "policy", "trust_root"};
    for (const auto& [name, value] : section.members()) {
      if (known.contains(name)) continue;
      section.fail(
          name, "is not known",
          "known are: server, trust_dir, keys, module, insecure_registries, token_services, audit_log, "
          "audit_checkpoint, timeout, policy, trust_root");
    }
    config_.insecure_registries = section.texts("insecure_registries");
    config_.token_services = section.texts("token_services");
    if (auto server = section.text("server")) config_.server = std::move(server);
    if (auto trust_dir = path_member(section, "trust_dir")) config_.trust_dir = std::move(trust_dir);
    config_.module = path_member(section, "module");
    config_.audit_log = path_member(section, "audit_log");
    config_.audit_checkpoint = section.boolean("audit_checkpoint");
    config_.timeout = section.text("timeout");
    config_.policy = path_member(section, "policy");
    read_trust_roots(section);
    for (const std::string& ref : section.texts("keys")) {
      const bool is_file = !hsm::is_key_id(ref) && !hsm::is_token_uri(ref);
      config_.keys.push_back(is_file ? resolve(ref).string() : ref);
    }
  }

  void read_trust_roots(const Section& section) {
    constexpr std::string_view kMember = "trust_root";
    if (section.is_null(kMember)) fail_empty_pin(section, kMember);
    const Json* value = section.find(kMember);
    if (value == nullptr) return;
    if (value->is_structured() && value->empty()) fail_empty_pin(section, kMember);
    if (!value->is_object()) {
      for (const std::string& text : section.text_or_texts_of(kMember, *value))
        add_trust_root(section, kMember, text);
      return;
    }
    const Section repositories = section.section(kMember);
    for (const auto& [name, refs] : repositories.members()) {
      const std::vector<std::string> texts = repositories.text_or_texts_of(name, *refs);
      if (texts.empty()) fail_empty_pin(repositories, name);
      for (const std::string& ref : texts) add_trust_root(repositories, name, name + "=" + ref);
    }
  }

  /// Whoever writes one means to pin something.
  [[noreturn]] static void fail_empty_pin(const Section& section, std::string_view member) {
    section.fail(member, "is empty: no root could match", "leave it out, or name a key ID");
  }

  void add_trust_root(const Section& section, std::string_view member, const std::string& text) {
    try {
      NamedTrustRoot root = NamedTrustRoot::parse(text);
      if (!parse_pinned_id(root.ref)) root.ref = resolve(root.ref).string();
      config_.trust_roots.push_back(std::move(root));
    } catch (const Error& error) {
      section.fail(member, std::string("names no repository: ") + error.what(), error.hint());
    }
  }

  fs::path home_;
  ConfigFile config_;
};

}  // namespace

fs::path expand_home(std::string_view path, const fs::path& home) {
  if (path != "~" && !path.starts_with("~/")) return fs::path(path);
  if (home.empty()) {
    throw Error(ErrorCode::kConfig,
                "\"" + tuf::printable(path) + "\" means the home folder, which is not known",
                "set HOME, or write the path in full");
  }
  return path == "~" ? home : home / path.substr(2);
}

ConfigFile read_config_file(const fs::path& path, const fs::path& home) {
  const std::string text =
      hsm::InputFile(path, "the configuration file").read_text(kMaxConfigLength, hsm::Convert::kInPlace);
  Json json;
  try {
    json = tuf::parse_json(text, tuf::printable(path.string()));
  } catch (const Error& error) {
    throw Error(ErrorCode::kConfig, error.what(), kOneObject);
  }
  if (!json.is_object())
    throw Error(ErrorCode::kConfig, tuf::printable(path.string()) + ": it is not a JSON object", kOneObject);
  return Reader(path, home).read(Section(path, "", &json));
}

}  // namespace agent
