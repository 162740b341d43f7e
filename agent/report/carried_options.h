// CarriedOptions: what the user gave by option goes along in every command that is printed: run as it is
// printed, it acts on the same server and the same folders. What stands in the environment or in a file is
// still there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

class CarriedOptions {
 public:
  /// `name` is the long one ("--server"), `value` is empty for a flag. What says nothing of where and with
  /// what a command acts is not kept, nor is the PIN of a token URI.
  void add(const std::string& name, std::string value);

  /// Where DOCKER_CONFIG says that Docker's files are: what texts call `~/.docker`.
  void set_docker_dir(const std::filesystem::path& folder);

  /// A policy stands in the environment or the configuration file, where a command of one's own finds it.
  void set_standing_policy() { has_standing_policy_ = true; }

  /// The trust server that is named in the environment or the configuration file, where only a command of
  /// one's own finds it.
  void set_standing_server(const std::string& server);

  /// A hint, or another text for people, with the options in its commands. A command for somebody else gets
  /// what holds on their machine, too. Applied twice changes nothing more.
  std::string into(std::string_view text) const;

 private:
  struct Given {
    std::string_view name;
    std::string words;  // with a blank behind them
  };
  /// Those that go along with a command that works with that much, in front of it.
  std::string words_for(int reach, bool is_own) const;
  void name_policy(std::string& command, std::size_t words, bool is_own) const;

  std::vector<Given> given_;
  std::string policy_;  // " --policy p.json"
  bool has_standing_policy_ = false;
  std::string standing_server_;  // "--server URL "
  std::string docker_dir_;       // as a word of a shell; empty: ~/.docker
};

}  // namespace agent
