#include "agent/report/carried_options.h"

#include <algorithm>
#include <array>

#include "hsm/key_ref.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

constexpr std::string_view kProgram = "countersign ";
constexpr std::string_view kDockerDir = "~/.docker";
constexpr std::string_view kTheirPolicy = " --policy FILE";  // others have it in a file of their own

/// What a command works with; each with all that stands before it.
enum class Reach { kTokens, kKeys, kServers, kSigning };

struct Command {
  std::string_view words;
  Reach reach;
  bool goes_by_policy = false;  // what it signs, or takes away
};

/// The first that fits.
constexpr std::array kCommands = {
    Command{"token", Reach::kTokens},
    Command{"key", Reach::kKeys},
    Command{"list", Reach::kServers},
    Command{"verify", Reach::kServers},
    Command{"inspect", Reach::kServers},
    Command{"expiry", Reach::kServers},
    Command{"receipt", Reach::kServers},
    Command{"audit", Reach::kServers},
    Command{"repo init", Reach::kServers},
    Command{"repo pin", Reach::kServers},
    Command{"repo refresh", Reach::kSigning, true},
    Command{"repo repair", Reach::kSigning, true},
    Command{"repo rotate", Reach::kSigning, true},
    Command{"delegation list", Reach::kServers},
    Command{"delegation add", Reach::kSigning, true},
    Command{"delegation remove", Reach::kSigning, true},
    Command{"delegation purge", Reach::kSigning, true},
    Command{"signer add", Reach::kSigning, true},
    Command{"signer remove", Reach::kSigning, true},
    Command{"signer rotate", Reach::kSigning, true},
    Command{"sign", Reach::kSigning, true},
    Command{"revoke", Reach::kSigning, true},
    Command{"witness", Reach::kSigning, true},
    Command{"doctor", Reach::kSigning, true},
    Command{"repo", Reach::kSigning},
    Command{"signer", Reach::kSigning},
    Command{"delegation", Reach::kSigning},
};

const Command* find_command(std::string_view text) {
  const auto* known = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& one) {
    return text == one.words || text.starts_with(std::string(one.words) + " ");
  });
  return known == kCommands.end() ? nullptr : known;
}

struct Carried {
  std::string_view name;
  Reach from;        // the commands that need it
  bool is_anywhere;  // says of the server what holds on every machine
  bool is_file = false;
};

constexpr std::array kCarried = {
    Carried{"--server", Reach::kServers, true},
    Carried{"--trust-dir", Reach::kKeys, false, true},
    Carried{"--config", Reach::kTokens, false, true},
    Carried{"--signing-key", Reach::kSigning, false},
    Carried{"--tlscacert", Reach::kServers, false, true},
    Carried{"--tlscert", Reach::kServers, false, true},
    Carried{"--tlskey", Reach::kServers, false, true},
    Carried{"--allow-http", Reach::kServers, true},
    Carried{"--insecure-registry", Reach::kServers, true},
    Carried{"--token-service", Reach::kServers, true},
};

const Carried* find_carried(std::string_view name) {
  const auto* found = std::find_if(kCarried.begin(), kCarried.end(),
                                   [&](const Carried& option) { return option.name == name; });
  return found == kCarried.end() ? nullptr : found;
}

/// Whether the sentence in front of a command sends to somebody with a machine of their own.
bool is_for_others(std::string_view before) {
  const std::string_view sentence = before.substr(before.rfind("; ") + 1);  // npos + 1 is 0
  const auto has = [&](std::string_view word) { return sentence.find(word) != std::string_view::npos; };
  return has(" administrator") || has(" owner") || has("whoever ") || has("where ") || has(" signs it: ");
}

/// A static repository by its whole path: whoever is handed the command stands elsewhere. What may be a login
/// that somebody has put there stays as it is, and is not shown.
std::string from_everywhere(const std::string& server) {
  constexpr std::string_view kFile = "file:";
  if (!server.starts_with(kFile) || server.starts_with("file:/")) return server;
  if (server.find('@') != std::string::npos) return server;
  std::error_code unknown;
  const auto folder = std::filesystem::absolute(server.substr(kFile.size()), unknown);
  return unknown ? server : std::string(kFile) + folder.lexically_normal().string();
}

}  // namespace

void CarriedOptions::add(const std::string& name, std::string value) {
  if (name == "--server") value = from_everywhere(value);
  if (name == "--signing-key") value = hsm::without_pin(value);
  if (name == "--policy") policy_ = " --policy " + tuf::printable(tuf::shell_path(value));
  const Carried* option = find_carried(name);
  if (!option) return;
  const auto quoted = option->is_file ? tuf::shell_path : tuf::shell_word;
  given_.push_back({option->name, name + (value.empty() ? " " : " " + tuf::printable(quoted(value)) + " ")});
}

void CarriedOptions::set_standing_server(const std::string& server) {
  standing_server_ = "--server " + tuf::printable(tuf::shell_word(server)) + " ";
}

void CarriedOptions::set_docker_dir(const std::filesystem::path& folder) {
  docker_dir_ = tuf::printable(tuf::shell_path(folder.string()));
}

std::string CarriedOptions::words_for(int reach, bool is_own) const {
  std::string words;
  const bool names_server =
      std::any_of(given_.begin(), given_.end(), [](const Given& given) { return given.name == "--server"; });
  if (!is_own && !names_server && reach >= static_cast<int>(Reach::kServers)) words = standing_server_;
  for (const Given& given : given_) {
    const Carried& option = *find_carried(given.name);
    if (static_cast<int>(option.from) <= reach && (is_own || option.is_anywhere)) words += given.words;
  }
  return words;
}

/// With the policy that this run goes by: whoever signs without it would sign along what it refuses.
void CarriedOptions::name_policy(std::string& command, std::size_t words, bool is_own) const {
  if (policy_.empty() && !has_standing_policy_) return;
  const std::size_t named = command.find(kTheirPolicy);
  if (is_own && named != std::string::npos) {
    command.replace(named, kTheirPolicy.size(), policy_);
  } else if (command.find(" --policy ") == std::string::npos) {
    command.insert(words, is_own ? std::string_view(policy_) : kTheirPolicy);
  }
}

std::string CarriedOptions::into(std::string_view text) const {
  std::string out;
  std::size_t at = text.find(kProgram);
  out += text.substr(0, at);
  while (at != std::string_view::npos) {
    const std::size_t next = text.find(kProgram, at + kProgram.size());
    std::string rest(text.substr(at + kProgram.size(),
                                 next == std::string_view::npos ? next : next - at - kProgram.size()));
    out.append(kProgram);
    if (const Command* known = find_command(rest)) {  // else the program's name in a sentence
      const bool is_own = !is_for_others(text.substr(0, at));
      out.append(words_for(static_cast<int>(known->reach), is_own));
      if (known->goes_by_policy) name_policy(rest, known->words.size(), is_own);
    }
    out.append(rest);
    at = next;
  }
  for (std::size_t home = out.find(kDockerDir); !docker_dir_.empty() && home != std::string::npos;
       home = out.find(kDockerDir, home + docker_dir_.size()))
    out.replace(home, kDockerDir.size(), docker_dir_);
  return out;
}

}  // namespace agent
