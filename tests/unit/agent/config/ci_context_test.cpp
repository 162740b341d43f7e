#include "agent/config/ci_context.h"

#include "tests/support/catch.h"

namespace {

using Text = std::map<std::string, std::string>;

agent::CiContext read(const Text& variables) {
  return agent::CiContext::read([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

Text with(Text variables, const Text& more) {
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

const Text kGithub = {{"GITHUB_ACTIONS", "true"},
                      {"GITHUB_SERVER_URL", "https://git.example.com"},
                      {"GITHUB_REPOSITORY", "team/app"},
                      {"GITHUB_SHA", "4f0c"},
                      {"GITHUB_REF", "refs/heads/main"},
                      {"GITHUB_RUN_ID", "17"},
                      {"GITHUB_ACTOR", "ada"},
                      {"GITHUB_WORKFLOW", "release"},
                      {"GITHUB_JOB", "sign"}};
const Text kGitlab = {
    {"GITLAB_CI", "true"},        {"CI_PROJECT_URL", "https://git.example.com/team/app"},
    {"CI_COMMIT_SHA", "4f0c"},    {"CI_JOB_URL", "https://git.example.com/team/app/-/jobs/3"},
    {"GITLAB_USER_LOGIN", "ada"}, {"CI_JOB_NAME", "sign"}};
const Text kBuildkite = {
    {"BUILDKITE", "true"}, {"BUILDKITE_BRANCH", "main"}, {"BUILDKITE_PULL_REQUEST", "false"}};
const Text kJenkins = {{"JENKINS_URL", "https://ci.example.com/"}, {"JOB_NAME", "app/main"}};

struct Row {
  std::string what;
  Text variables;
  Text expected;
};

}  // namespace

TEST_CASE("What each CI says is found under the same names") {
  const std::vector<Row> rows = {
      {"github",
       kGithub,
       {{"ci", "github"},
        {"repository", "https://git.example.com/team/app"},
        {"commit", "4f0c"},
        {"ref", "refs/heads/main"},
        {"run_url", "https://git.example.com/team/app/actions/runs/17"},
        {"actor", "ada"},
        {"workflow", "release"},
        {"job", "sign"}}},
      {"a workflow's file says more than its name",
       {{"GITHUB_ACTIONS", "true"},
        {"GITHUB_WORKFLOW", "release"},
        {"GITHUB_WORKFLOW_REF", "team/app/x.yml@main"}},
       {{"ci", "github"}, {"workflow", "team/app/x.yml@main"}}},
      {"gitlab, branch",
       with(kGitlab, {{"CI_COMMIT_BRANCH", "main"}}),
       {{"ci", "gitlab"},
        {"repository", "https://git.example.com/team/app"},
        {"commit", "4f0c"},
        {"ref", "refs/heads/main"},
        {"run_url", "https://git.example.com/team/app/-/jobs/3"},
        {"actor", "ada"},
        {"job", "sign"}}},
      {"buildkite, branch", kBuildkite, {{"ci", "buildkite"}, {"ref", "refs/heads/main"}}},
      {"buildkite, a stranger's branch that is called main",
       with(kBuildkite, {{"BUILDKITE_PULL_REQUEST", "7"}}),
       {{"ci", "buildkite"}, {"ref", "refs/pull/7/head"}}},
      {"circleci, fork",
       {{"CIRCLECI", "true"}, {"CIRCLE_BRANCH", "main"}, {"CIRCLE_PR_NUMBER", "7"}, {"CIRCLE_SHA1", "4f0c"}},
       {{"ci", "circleci"}, {"ref", "refs/pull/7/head"}, {"commit", "4f0c"}}},
      {"azure",
       {{"TF_BUILD", "True"},
        {"BUILD_SOURCEBRANCH", "refs/heads/main"},
        {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.example.com/team/"},
        {"SYSTEM_TEAMPROJECT", "app"},
        {"BUILD_BUILDID", "9"}},
       {{"ci", "azure"},
        {"ref", "refs/heads/main"},
        {"run_url", "https://dev.example.com/team/app/_build/results?buildId=9"}}},
      {"bitbucket, tag",
       {{"BITBUCKET_BUILD_NUMBER", "5"},
        {"BITBUCKET_TAG", "v1"},
        {"BITBUCKET_GIT_HTTP_ORIGIN", "http://b.example/t"}},
       {{"ci", "bitbucket"},
        {"ref", "refs/tags/v1"},
        {"repository", "http://b.example/t"},
        {"run_url", "http://b.example/t/pipelines/results/5"}}},
      {"drone",
       {{"DRONE", "true"},
        {"DRONE_COMMIT_REF", "refs/heads/main"},
        {"DRONE_BUILD_LINK", "https://d.example/1"}},
       {{"ci", "drone"}, {"ref", "refs/heads/main"}, {"run_url", "https://d.example/1"}}},
      {"woodpecker is told by a value",
       {{"CI", "woodpecker"}, {"CI_COMMIT_REF", "refs/heads/main"}},
       {{"ci", "woodpecker"}, {"ref", "refs/heads/main"}}},
      {"jenkins, multibranch",
       with(
           kJenkins,
           {{"BRANCH_NAME", "main"}, {"GIT_BRANCH", "main"}, {"BUILD_URL", "https://ci.example.com/job/1/"}}),
       {{"ci", "jenkins"},
        {"job", "app/main"},
        {"ref", "refs/heads/main"},
        {"run_url", "https://ci.example.com/job/1/"}}},
      {"jenkins, a proposed change",
       with(kJenkins, {{"BRANCH_NAME", "PR-7"}, {"CHANGE_ID", "7"}}),
       {{"ci", "jenkins"}, {"job", "app/main"}, {"ref", "refs/pull/7/head"}}},
      {"jenkins, freestyle",
       with(kJenkins, {{"GIT_BRANCH", "origin/main"}}),
       {{"ci", "jenkins"}, {"job", "app/main"}, {"ref", "refs/remotes/origin/main"}}},
      {"some other CI",
       {{"COUNTERSIGN_CI_NAME", "tekton"}, {"COUNTERSIGN_CI_REF", "refs/heads/main"}},
       {{"ci", "tekton"}, {"ref", "refs/heads/main"}}},
      {"some other CI without a name",
       {{"COUNTERSIGN_CI_COMMIT", "4f0c"}},
       {{"ci", "other"}, {"commit", "4f0c"}}},
      {"what is said for a CI comes before what it says",
       with(kBuildkite, {{"COUNTERSIGN_CI_REF", "refs/heads/other"}}),
       {{"ci", "buildkite"}, {"ref", "refs/heads/other"}}},
      {"no CI", {{"CI", "true"}, {"GITHUB_SHA", "4f0c"}, {"GITLAB_CI", ""}, {"DRONE", "false"}}, {}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const agent::CiContext context = read(row.variables);
    CHECK(context.members == row.expected);
    CHECK(context.refused.empty());
  }
}

TEST_CASE("Passwords and tokens in URLs are not taken over") {
  const auto repository = [](const std::string& url) {
    return read(with(kJenkins, {{"GIT_URL", url}})).members.at("repository");
  };
  CHECK(repository("https://ada:secret@git.example.com/app") == "https://git.example.com/app");
  CHECK(repository("https://secret@git.example.com/app") == "https://git.example.com/app");
  CHECK(repository("https://a@b:secret@git.example.com") == "https://git.example.com");
  CHECK(repository("https://git.example.com/app?private_token=secret") == "https://git.example.com/app");
  CHECK(repository("https://git.example.com/app#secret") == "https://git.example.com/app");
  CHECK(repository("https://git.example.com/@scope") == "https://git.example.com/@scope");
  CHECK(repository("git@git.example.com:app") == "git@git.example.com:app");
  CHECK(
      read({{"COUNTERSIGN_CI_RUN_URL", "https://ada:secret@ci.example.com/?run=1"}}).members.at("run_url") ==
      "https://ci.example.com/?run=1");
}

TEST_CASE("A value that no log may show is left out, and no other one takes its place") {
  for (const std::string& bad : {std::string("a\nb"), std::string("\x1b[2J"), std::string("\xff"),
                                 std::string("\xe2\x80\xae"), std::string(600, 'x')}) {
    const agent::CiContext context =
        read(with(kGitlab, {{"CI_COMMIT_TAG", bad}, {"CI_COMMIT_BRANCH", "main"}}));
    CHECK_FALSE(context.members.contains("ref"));
    REQUIRE(context.refused.size() == 1);
    CHECK(context.refused.front().find("CI_COMMIT_TAG") != std::string::npos);
  }
}
