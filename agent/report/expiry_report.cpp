#include "agent/report/expiry_report.h"

#include "agent/report/junit.h"
#include "agent/report/text_table.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

/// Value of a Prometheus label. GUNs and role names hold neither quotes nor line breaks.
std::string label(const std::string& text) {
  std::string out;
  for (const char c : tuf::printable(text)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::int64_t days_left(tuf::Time expires, tuf::Time at) {
  return std::chrono::floor<tuf::Days>(expires - at).count();
}

const char* expiry_status(const tuf::RoleExpiry& role, tuf::Time at, tuf::Time due_by) {
  if (role.renewed_by_server) return "renewed by the server";
  if (role.is_fresh && role.expires <= due_by) return "renewed by whoever opens the folder with its keys";
  if (role.expires <= at) return "expired";
  return role.is_due(due_by) ? "due" : "ok";
}

std::vector<std::string> ExpiryReport::due() const {
  std::vector<std::string> due;
  for (const RepositoryExpiry& repository : repositories) {
    for (const tuf::RoleExpiry& role : repository.roles) {
      if (role.is_due(due_by)) due.push_back(role.name + " of " + repository.gun);
    }
  }
  return due;
}

std::vector<std::string> ExpiryReport::text() const {
  TextTable table({"REPOSITORY", "ROLE", "VERSION", "EXPIRES", "DAYS", "STATUS"});
  for (const RepositoryExpiry& repository : repositories) {
    if (!repository.failure.empty()) table.add({repository.gun, "-", "-", "-", "-", repository.failure});
    for (const tuf::RoleExpiry& role : repository.roles) {
      table.add({repository.gun, role.name, role.version ? std::to_string(role.version) : "-",
                 tuf::format_time(role.expires), std::to_string(days_left(role.expires, at)),
                 expiry_status(role, at, due_by)});
    }
  }
  return table.lines();
}

std::string ExpiryReport::junit() const {
  JunitSuite suite("countersign expiry");
  for (const RepositoryExpiry& repository : repositories) {
    if (!repository.failure.empty()) suite.error(repository.gun, "trust data", repository.failure);
    for (const tuf::RoleExpiry& role : repository.roles) {
      if (role.is_due(due_by)) {
        suite.fail(repository.gun, role.name, {role.name + " expires at " + tuf::format_time(role.expires)});
      } else {
        suite.pass(repository.gun, role.name);
      }
    }
  }
  return suite.text();
}

std::string ExpiryReport::prometheus() const {
  std::string expiry =
      "# HELP countersign_role_expiry_timestamp_seconds When the role stops being accepted.\n"
      "# TYPE countersign_role_expiry_timestamp_seconds gauge\n";
  std::string due =
      "# HELP countersign_role_due 1 if somebody has to sign the role anew.\n"
      "# TYPE countersign_role_due gauge\n";
  std::string readable =
      "# HELP countersign_repository_readable 1 if the trust data could be fetched and verified.\n"
      "# TYPE countersign_repository_readable gauge\n";
  for (const RepositoryExpiry& repository : repositories) {
    const std::string gun = "{gun=\"" + label(repository.gun) + "\"";
    readable +=
        "countersign_repository_readable" + gun + "} " + (repository.failure.empty() ? "1" : "0") + "\n";
    for (std::size_t i = 0; i < repository.roles.size(); ++i) {
      const tuf::RoleExpiry& role = repository.roles[i];
      // Several certificates of one root are one series: the end of the first of them matters.
      if (i > 0 && repository.roles[i - 1].name == role.name) continue;
      const std::string labels = gun + ",role=\"" + label(role.name) + "\"} ";
      expiry += "countersign_role_expiry_timestamp_seconds" + labels +
                std::to_string(role.expires.time_since_epoch().count()) + "\n";
      due += "countersign_role_due" + labels + (role.is_due(due_by) ? "1" : "0") + "\n";
    }
  }
  std::string all = expiry + due + readable;
  all.pop_back();  // the line break that printing adds
  return all;
}

OrderedJson expiry_json(const RepositoryExpiry& repository, tuf::Time at, tuf::Time due_by) {
  OrderedJson list = OrderedJson::array();
  for (const tuf::RoleExpiry& role : repository.roles) {
    OrderedJson entry = {{"name", role.name}};
    if (role.version) entry["version"] = role.version;
    entry["expires"] = tuf::format_time(role.expires);
    entry["days_left"] = days_left(role.expires, at);
    entry["renewed_by_server"] = role.renewed_by_server;
    entry["due"] = role.is_due(due_by);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace agent
