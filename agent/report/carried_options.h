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
  /// what a command acts is not kept.
  void add(const std::string& name, const std::string& value);

  /// Where DOCKER_CONFIG says that Docker's files are: what texts call `~/.docker`.
  void set_docker_dir(const std::filesystem::path& folder);

  /// A hint, or another text for people, with the options in its commands. A command for somebody else gets
  /// what holds on their machine, too. Applied twice changes nothing more.
  std::string into(std::string_view text) const;

 private:
  struct Given {
    std::string_view name;
    std::string words;  // with a blank behind them
  };
  /// `command` begins with its words.
  std::string words_for(std::string_view command, bool is_own) const;

  std::vector<Given> given_;
  std::string policy_;      // " --policy p.json"
  std::string docker_dir_;  // as a word of a shell; empty: ~/.docker
};

}  // namespace agent
