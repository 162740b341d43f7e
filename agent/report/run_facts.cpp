#include "agent/report/run_facts.h"

#include "tuf/base/words.h"

namespace agent {
namespace {

using Piece = Page::Piece;

std::string why_trusted(const RootTrust& trust) {
  if (trust.pin) return "pinned by " + trust.origin;
  if (trust.trust_on_first_use) return "not pinned: first use is trusted (--trust-on-first-use)";
  return "not pinned in this run: trusted since this machine first saw it";
}

/// "2026-11-30 23:20:01 UTC"
std::string moment(tuf::Time time) {
  return tuf::format_day(time) + " " + tuf::format_time(time).substr(11, 8) + " UTC";
}

Page::Cell where_it_ran(const tuf::Provenance& ci) {
  if (ci.empty()) return {Piece::of("not in a CI, as far as the environment tells")};
  Page::Cell cell;
  for (const auto& [name, value] : ci) cell.push_back(Piece::of(name + ": " + value));
  cell.push_back(Piece::soft("as the CI says of itself"));
  return cell;
}

}  // namespace

RunFacts RunFacts::of(const Run& run, const std::vector<RepositoryReport>& repositories) {
  RunFacts facts{run.now(), run.ci().members, {}};
  for (const RepositoryReport& repository : repositories) {
    if (repository.trust_root)
      facts.roots[repository.gun] = why_trusted(run.settings().root_trust_for(tuf::Gun::of(repository.gun)));
  }
  return facts;
}

std::vector<Page::Fact> RunFacts::facts(const std::optional<tuf::Error>& error) const {
  std::string ending = "exit code 0";
  if (error) {
    const ErrorRow row = error_row(error->code());
    ending = "exit code " + std::to_string(static_cast<int>(row.exit_code)) + ", " + std::string(row.name);
  }
  return {{"When", {Piece::of(moment(at))}},
          {"Run", where_it_ran(ci)},
          {"Result", {Piece::of(ending)}},
          {"By", {Piece::of("countersign " COUNTERSIGN_VERSION)}}};
}

std::vector<Page::Fact> RunFacts::facts(const RepositoryReport& repository) const {
  std::vector<Page::Fact> facts;
  if (!repository.server.empty()) {
    facts.push_back({"Trust server", {Piece::of(repository.server)}});
    if (repository.more.value("offline", false))
      facts.back().value.push_back(Piece::soft("not asked: shown as it was last seen here"));
  }
  if (!repository.trust_root) return facts;
  facts.push_back({"Trust root", {Piece::code(*repository.trust_root)}});
  if (const auto why = roots.find(repository.gun); why != roots.end())
    facts.back().value.push_back(Piece::soft(why->second));
  return facts;
}

void finish(const Report& report, const std::optional<tuf::Error>& error, Page& page) {
  for (const tuf::Warning& warning : report.warnings)
    page.warnings.push_back(warning.code + ": " + warning.message);
  // In ASCII nothing in it reorders what stands beside it.
  page.json = document_of(report, error).dump(2, ' ', true, OrderedJson::error_handler_t::replace);
}

}  // namespace agent
