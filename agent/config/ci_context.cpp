#include "agent/config/ci_context.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include "tuf/base/printable.h"

namespace agent {
namespace {

/// A CI is recognised by one variable: that it is set or, with `value`, that it has this value.
struct Marker {
  std::string_view ci;
  const char* variable;
  std::string_view value = {};
};

// Jenkins last: it starts runs of others too, and what they say is closer to the source.
constexpr Marker kMarkers[] = {
    {"github", "GITHUB_ACTIONS"}, {"gitlab", "GITLAB_CI"},
    {"buildkite", "BUILDKITE"},   {"circleci", "CIRCLECI"},
    {"azure", "TF_BUILD"},        {"bitbucket", "BITBUCKET_BUILD_NUMBER"},
    {"drone", "DRONE"},           {"woodpecker", "CI", "woodpecker"},
    {"jenkins", "JENKINS_URL"},
};

/// What a CI says for one member: text in which `${NAME}` is the variable's value. The first row counts whose
/// variables are all set.
struct Row {
  std::string_view ci;
  std::string_view member;
  std::string_view source;
};

// A build of a proposed change comes before branches: what a stranger calls their branch must not read as a
// branch of the repository.
constexpr Row kRows[] = {
    {"github", "repository", "${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}"},
    {"github", "commit", "${GITHUB_SHA}"},
    {"github", "ref", "${GITHUB_REF}"},
    {"github", "run_url", "${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}"},
    {"github", "actor", "${GITHUB_ACTOR}"},
    {"github", "workflow", "${GITHUB_WORKFLOW_REF}"},
    {"github", "workflow", "${GITHUB_WORKFLOW}"},
    {"github", "job", "${GITHUB_JOB}"},

    {"gitlab", "repository", "${CI_PROJECT_URL}"},
    {"gitlab", "commit", "${CI_COMMIT_SHA}"},
    {"gitlab", "ref", "${CI_MERGE_REQUEST_REF_PATH}"},
    {"gitlab", "ref", "refs/tags/${CI_COMMIT_TAG}"},
    {"gitlab", "ref", "refs/heads/${CI_COMMIT_BRANCH}"},
    {"gitlab", "run_url", "${CI_JOB_URL}"},
    {"gitlab", "actor", "${GITLAB_USER_LOGIN}"},
    {"gitlab", "workflow", "${CI_PIPELINE_URL}"},
    {"gitlab", "job", "${CI_JOB_NAME}"},

    {"buildkite", "repository", "${BUILDKITE_REPO}"},
    {"buildkite", "commit", "${BUILDKITE_COMMIT}"},
    {"buildkite", "ref", "refs/pull/${BUILDKITE_PULL_REQUEST}/head"},
    {"buildkite", "ref", "refs/tags/${BUILDKITE_TAG}"},
    {"buildkite", "ref", "refs/heads/${BUILDKITE_BRANCH}"},
    {"buildkite", "run_url", "${BUILDKITE_BUILD_URL}"},
    {"buildkite", "actor", "${BUILDKITE_BUILD_CREATOR}"},
    {"buildkite", "workflow", "${BUILDKITE_PIPELINE_SLUG}"},
    {"buildkite", "job", "${BUILDKITE_LABEL}"},

    {"circleci", "repository", "${CIRCLE_REPOSITORY_URL}"},
    {"circleci", "commit", "${CIRCLE_SHA1}"},
    {"circleci", "ref", "refs/pull/${CIRCLE_PR_NUMBER}/head"},
    {"circleci", "ref", "refs/tags/${CIRCLE_TAG}"},
    {"circleci", "ref", "refs/heads/${CIRCLE_BRANCH}"},
    {"circleci", "run_url", "${CIRCLE_BUILD_URL}"},
    {"circleci", "actor", "${CIRCLE_USERNAME}"},
    {"circleci", "workflow", "${CIRCLE_WORKFLOW_ID}"},
    {"circleci", "job", "${CIRCLE_JOB}"},

    {"azure", "repository", "${BUILD_REPOSITORY_URI}"},
    {"azure", "commit", "${BUILD_SOURCEVERSION}"},
    {"azure", "ref", "${BUILD_SOURCEBRANCH}"},
    {"azure", "run_url",
     "${SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}${SYSTEM_TEAMPROJECT}/_build/results?buildId=${BUILD_BUILDID}"},
    {"azure", "actor", "${BUILD_REQUESTEDFOR}"},
    {"azure", "workflow", "${BUILD_DEFINITIONNAME}"},
    {"azure", "job", "${SYSTEM_JOBNAME}"},

    {"bitbucket", "repository", "${BITBUCKET_GIT_HTTP_ORIGIN}"},
    {"bitbucket", "commit", "${BITBUCKET_COMMIT}"},
    {"bitbucket", "ref", "refs/pull-requests/${BITBUCKET_PR_ID}/from"},
    {"bitbucket", "ref", "refs/tags/${BITBUCKET_TAG}"},
    {"bitbucket", "ref", "refs/heads/${BITBUCKET_BRANCH}"},
    {"bitbucket", "run_url", "${BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/${BITBUCKET_BUILD_NUMBER}"},
    {"bitbucket", "actor", "${BITBUCKET_STEP_TRIGGERER_UUID}"},
    {"bitbucket", "workflow", "${BITBUCKET_PIPELINE_UUID}"},
    {"bitbucket", "job", "${BITBUCKET_STEP_UUID}"},

    {"drone", "repository", "${DRONE_REPO_LINK}"},
    {"drone", "commit", "${DRONE_COMMIT_SHA}"},
    {"drone", "ref", "${DRONE_COMMIT_REF}"},
    {"drone", "run_url", "${DRONE_BUILD_LINK}"},
    {"drone", "actor", "${DRONE_BUILD_TRIGGER}"},
    {"drone", "workflow", "${DRONE_STAGE_NAME}"},
    {"drone", "job", "${DRONE_STEP_NAME}"},

    {"woodpecker", "repository", "${CI_REPO_URL}"},
    {"woodpecker", "commit", "${CI_COMMIT_SHA}"},
    {"woodpecker", "ref", "${CI_COMMIT_REF}"},
    {"woodpecker", "run_url", "${CI_PIPELINE_URL}"},
    {"woodpecker", "actor", "${CI_COMMIT_AUTHOR}"},
    {"woodpecker", "workflow", "${CI_WORKFLOW_NAME}"},
    {"woodpecker", "job", "${CI_STEP_NAME}"},

    {"jenkins", "repository", "${GIT_URL}"},
    {"jenkins", "commit", "${GIT_COMMIT}"},
    {"jenkins", "ref", "refs/pull/${CHANGE_ID}/head"},
    {"jenkins", "ref", "refs/tags/${TAG_NAME}"},
    {"jenkins", "ref", "refs/heads/${BRANCH_NAME}"},
    {"jenkins", "ref", "refs/remotes/${GIT_BRANCH}"},
    {"jenkins", "run_url", "${BUILD_URL}"},
    {"jenkins", "actor", "${BUILD_USER_ID}"},
    {"jenkins", "actor", "${CHANGE_AUTHOR}"},
    {"jenkins", "job", "${JOB_NAME}"},
};

/// What comes before any CI's own variables.
constexpr std::pair<std::string_view, const char*> kOverrides[] = {
    {"ci", "COUNTERSIGN_CI_NAME"},           {"repository", "COUNTERSIGN_CI_REPOSITORY"},
    {"commit", "COUNTERSIGN_CI_COMMIT"},     {"ref", "COUNTERSIGN_CI_REF"},
    {"run_url", "COUNTERSIGN_CI_RUN_URL"},   {"actor", "COUNTERSIGN_CI_ACTOR"},
    {"workflow", "COUNTERSIGN_CI_WORKFLOW"}, {"job", "COUNTERSIGN_CI_JOB"},
};

bool is_url(std::string_view text) {
  return text.find("://") != std::string_view::npos;
}

/// Reads members one after the other into a context.
class Reader {
 public:
  explicit Reader(const CiContext::Lookup& lookup) : lookup_(lookup) {}

  CiContext read() {
    for (const auto& [member, variable] : kOverrides) {
      if (const auto value = variable_of(variable)) add(member, without_credentials(*value), variable);
    }
    const auto marker =
        std::find_if(std::begin(kMarkers), std::end(kMarkers), [&](const Marker& m) { return is_met(m); });
    if (marker != std::end(kMarkers)) {
      add("ci", std::string(marker->ci), marker->variable);
      for (const Row& row : kRows) {
        if (row.ci != marker->ci) continue;
        if (const auto value = expand(row.source)) add(row.member, *value, row.source);
      }
    }
    if (!context_.members.empty()) context_.members.try_emplace("ci", "other");
    return std::move(context_);
  }

 private:
  /// Several CIs say `false` where there is nothing to say.
  std::optional<std::string> variable_of(const char* name) const {
    const char* value = lookup_(name);
    if (value == nullptr || *value == '\0' || std::string_view(value) == "false") return std::nullopt;
    return std::string(value);
  }

  bool is_met(const Marker& marker) const {
    const auto value = variable_of(marker.variable);
    return value && (marker.value.empty() || *value == marker.value);
  }

  /// nullopt if one of the variables is not set. Of URLs neither credentials nor a query is taken over: both
  /// are places for tokens.
  std::optional<std::string> expand(std::string_view source) const {
    std::string text;
    while (true) {
      const std::size_t start = source.find("${");
      text += source.substr(0, start);
      if (start == std::string_view::npos) return text;
      const std::size_t end = source.find('}', start);
      const std::string name(source.substr(start + 2, end - start - 2));
      auto value = variable_of(name.c_str());
      if (!value) return std::nullopt;
      if (is_url(*value)) value = without_credentials(value->substr(0, value->find_first_of("?#")));
      text += *value;
      source.remove_prefix(end + 1);
    }
  }

  /// The first value of a member counts, also one that is of no use: the next might say something else.
  void add(std::string_view member, const std::string& value, std::string_view source) {
    if (!decided_.insert(member).second) return;
    if (value.size() <= CiContext::kMaxValue && tuf::printable(value, CiContext::kMaxValue) == value) {
      context_.members.emplace(member, value);
    } else {
      context_.refused.push_back("the CI's " + std::string(member) + " (" + std::string(source) +
                                 ") is left out: it is longer than " + std::to_string(CiContext::kMaxValue) +
                                 " bytes or not plain text");
    }
  }

  const CiContext::Lookup& lookup_;
  CiContext context_;
  std::set<std::string_view> decided_;
};

}  // namespace

CiContext CiContext::read(const Lookup& lookup) {
  return Reader(lookup).read();
}

CiContext CiContext::of_process() {
  return read([](const char* name) { return std::getenv(name); });
}

std::string without_credentials(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t authority = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", authority), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < authority) return std::string(url);
  return std::string(url.substr(0, authority)) + std::string(url.substr(at + 1));
}

}  // namespace agent
