// ServerUrl: the address of a trust store: `https://host[:port]`, or `file:DIR`, a static repository on disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace agent {

class ServerUrl {
 public:
  struct Rules {
    std::filesystem::path base =
        {};                   // what a relative `file:` folder is relative to; empty: the working directory
    bool allow_http = false;  // plain text, only on explicit demand
  };

  /// One trailing slash is dropped. Refused: a path, query or user name, plain http unless allowed. Throws
  /// kUsage, without showing what could be a password.
  static ServerUrl parse(std::string_view text, const Rules& rules);

  /// `https://host[:port]` or `file:DIR`, for messages and to build URLs on.
  const std::string& text() const { return text_; }
  bool is_folder() const { return authority_.empty(); }
  /// Only of a static repository.
  const std::filesystem::path& folder() const { return folder_; }
  /// `host[:port]` as written; empty for a static repository.
  const std::string& authority() const { return authority_; }
  bool is_plain_http() const { return text_.starts_with("http://"); }

 private:
  ServerUrl() = default;

  std::string text_;
  std::string authority_;
  std::filesystem::path folder_;
};

}  // namespace agent
