// What a user has configured, and what comes out.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "agent/config/settings.h"
#include "tests/support/test_data.h"

namespace test {

/// A home folder with what a test puts into it, and the settings that come out.
class ConfigHome {
 public:
  ConfigHome() {
    environment.home = dir_.path();
    std::filesystem::create_directories(dir_ / ".notary");
  }

  std::filesystem::path path(const std::string& name) const { return dir_.path() / name; }
  std::filesystem::path config_path() const { return path(".notary/config.json"); }
  void write(const std::string& name, const std::string& content = "x") const {
    std::filesystem::create_directories(path(name).parent_path());
    write_file(path(name), content);
  }
  void configure(const nlohmann::json& config) const { write_file(config_path(), config.dump()); }

  agent::Settings load() const { return agent::Settings::load(options, environment); }

  agent::Environment environment;
  agent::Options options;

 private:
  TempDir dir_;
};

}  // namespace test
