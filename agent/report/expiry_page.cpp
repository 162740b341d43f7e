#include "agent/report/expiry_page.h"

#include <algorithm>

#include "tuf/base/words.h"

namespace agent {
namespace {

using Piece = Page::Piece;
using Tone = Page::Tone;

constexpr double kDaysShown = 365;

Tone tone_of(const tuf::RoleExpiry& role, const ExpiryReport& expiry) {
  if (!role.is_due(expiry.due_by)) return Tone::kGood;
  return role.expires <= expiry.at ? Tone::kBad : Tone::kWarning;
}

std::string in_days(std::int64_t days) {
  const std::int64_t count = days < 0 ? -days : days;
  const std::string number = std::to_string(count) + (count == 1 ? " day" : " days");
  return days < 0 ? number + " ago" : "in " + number;
}

std::vector<Page::Cell> row_of(const tuf::RoleExpiry& role, const ExpiryReport& expiry) {
  const std::int64_t days = days_left(role.expires, expiry.at);
  const Tone tone = tone_of(role, expiry);
  const std::string left = in_days(days);
  return {{Piece::code(role.name)},
          role.version ? Page::Cell{Piece::of(std::to_string(role.version))} : Page::Cell{},
          {Piece::of(tuf::format_day(role.expires)), Piece::soft(left)},
          {Piece::bar(static_cast<double>(days) / kDaysShown, tone, "expires " + left)},
          {Piece::badge(expiry_status(role, expiry.at, expiry.due_by), tone)}};
}

std::string headline(const ExpiryReport& expiry, std::size_t due, std::size_t unread) {
  std::vector<std::string> parts;
  if (unread > 0)
    parts.push_back(std::to_string(unread) + " of " + std::to_string(expiry.repositories.size()) +
                    (expiry.repositories.size() == 1 ? " repository" : " repositories") + " cannot be read");
  if (due > 0) parts.push_back(std::to_string(due) + (due == 1 ? " role is due" : " roles are due"));
  if (!parts.empty()) return tuf::join(parts);
  return "Nothing is due by " + tuf::format_day(expiry.due_by);
}

Tone tone_of(const ExpiryReport& expiry, std::size_t due, std::size_t unread) {
  const auto has_ended = [&](const RepositoryExpiry& repository) {
    return std::any_of(repository.roles.begin(), repository.roles.end(),
                       [&](const tuf::RoleExpiry& role) { return tone_of(role, expiry) == Tone::kBad; });
  };
  if (unread > 0 || std::any_of(expiry.repositories.begin(), expiry.repositories.end(), has_ended))
    return Tone::kBad;
  return due > 0 ? Tone::kWarning : Tone::kGood;
}

Page::Section section_of(const RepositoryExpiry& repository, const ExpiryReport& expiry, const RunFacts& run,
                         const Report& report) {
  Page::Section section{repository.gun};
  const auto entry = std::find_if(report.repositories.begin(), report.repositories.end(),
                                  [&](const RepositoryReport& each) { return each.gun == repository.gun; });
  if (entry != report.repositories.end()) section.facts = run.facts(*entry);
  if (!repository.failure.empty()) {
    section.facts.push_back(
        {"Trust data", {Piece::badge("cannot be read", Tone::kBad), Piece::of(repository.failure)}});
    return section;
  }
  section.columns = {"Role", "Version", "Expires", "Next 12 months", "Status"};
  for (const tuf::RoleExpiry& role : repository.roles) section.rows.push_back(row_of(role, expiry));
  return section;
}

}  // namespace

Page expiry_page(const ExpiryReport& expiry, const RunFacts& run, const Report& report,
                 const std::optional<tuf::Error>& error) {
  const auto unread = static_cast<std::size_t>(
      std::count_if(expiry.repositories.begin(), expiry.repositories.end(),
                    [](const RepositoryExpiry& repository) { return !repository.failure.empty(); }));
  const std::size_t due = expiry.due().size();
  Page page{"When trust data expires", headline(expiry, due, unread), tone_of(expiry, due, unread)};
  page.facts = run.facts(error);
  page.facts.push_back({"Due is", {Piece::of("what expires by " + tuf::format_time(expiry.due_by))}});
  if (expiry.at != run.at)
    page.facts.push_back({"Rehearsed", {Piece::of("as it will be seen at " + tuf::format_time(expiry.at))}});
  if (error) page.facts.push_back({"What helps", {Piece::of(hint_of(*error))}});
  for (const RepositoryExpiry& repository : expiry.repositories)
    page.sections.push_back(section_of(repository, expiry, run, report));
  finish(report, error, page);
  return page;
}

}  // namespace agent
