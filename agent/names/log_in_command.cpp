#include "agent/names/log_in_command.h"

#include <algorithm>
#include <array>

#include "tuf/base/words.h"

namespace agent {
namespace {

/// What stands between two texts at the end of `text`; empty if they do not.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos || !text.ends_with(after)) return {};
  text.remove_prefix(begin + before.size());
  return text.size() > after.size() ? text.substr(0, text.size() - after.size()) : std::string_view();
}

std::string piped_login(const std::string& password, const std::string& user, std::string_view host) {
  return password + " | docker login --username " + user + " --password-stdin " + std::string(host);
}

}  // namespace

std::string log_in_command(std::string_view host) {
  for (const std::string_view domain : {".amazonaws.com", ".amazonaws.com.cn"}) {
    const std::string_view region = between(host, ".dkr.ecr.", domain);
    if (region.empty() || region.find('.') != std::string_view::npos) continue;
    return piped_login("aws ecr get-login-password --region " + std::string(region), "AWS", host);
  }
  if (host == "public.ecr.aws") {
    return piped_login("aws ecr-public get-login-password --region us-east-1", "AWS", host);
  }
  if (const std::size_t azure = host.find(".azurecr.io"); azure != std::string_view::npos) {
    return "az acr login --name " + std::string(host.substr(0, azure));
  }
  if (host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with("-docker.pkg.dev")) {
    return piped_login("gcloud auth print-access-token", "oauth2accesstoken", host);
  }
  if (host == "docker.io" || host == "registry-1.docker.io") return "docker login";
  return "docker login " + std::string(host);
}

bool says_expired(std::string_view reason) {
  constexpr std::array kWords = {"expired", "no longer valid", "reauthenticate", "log in again"};
  const std::string lower = tuf::in_lower_case(reason);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](const char* word) { return lower.find(word) != std::string::npos; });
}

}  // namespace agent
