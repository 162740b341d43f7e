#include "agent/report/docker_inspect.h"

#include <algorithm>

#include "agent/report/report.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "tuf/base/words.h"
#include "tuf/keys/public_key.h"

namespace agent {
namespace {

using tuf::RoleName;

constexpr TextTable::Spacing kDockerSpacing{3, 10};

struct Signer {
  std::string name;
  std::vector<std::string> keys;  // canonical IDs
};

/// Direct delegations other than releases, by name, descending as Docker sorts them.
std::vector<Signer> signers_of(const tuf::TrustedRepository& repository) {
  std::vector<Signer> signers;
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const RoleName& role = delegation.role.name;
    if (role.parent().text() != "targets" || role.text() == "targets/releases") continue;
    Signer signer{std::string(role.leaf()), {}};
    for (const tuf::PublicKey& key : delegation.authority.keys())
      signer.keys.push_back(key.canonical_id().hex());
    signers.push_back(std::move(signer));
  }
  std::sort(signers.begin(), signers.end(), [](const Signer& a, const Signer& b) { return a.name > b.name; });
  return signers;
}

std::vector<std::string> key_ids(const tuf::TrustedRepository& repository, const char* role) {
  std::vector<std::string> ids;
  for (const tuf::KeyId& id : repository.root().body.roles.at(role).key_ids) ids.push_back(id.hex());
  return ids;
}

OrderedJson key_list(const std::vector<std::string>& ids) {
  OrderedJson list = OrderedJson::array();
  for (const std::string& id : ids) list.push_back({{"ID", id}});
  return list;
}

/// In the order of the repository's roles, as Docker's JSON has them.
std::vector<std::string> signers_or_admin(const tuf::TagView& tag, const std::string& administrator) {
  const std::vector<std::string> signers = tag.signers();
  return signers.empty() ? std::vector{administrator} : signers;
}

/// Docker's text sorts them.
std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What stands at the front of `text`: a whole number without its leading zeros, or one other character.
struct Token {
  bool number = false;
  std::size_t zeros = 0;
  std::string_view text;
};

Token take_token(std::string_view& text) {
  if (!is_digit(text.front())) {
    const Token token{false, 0, text.substr(0, 1)};
    text.remove_prefix(1);
    return token;
  }
  const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
  text.remove_prefix(zeros);
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const Token token{true, zeros, text.substr(0, digits)};
  text.remove_prefix(digits);
  return token;
}

/// Docker's order of tags: numbers in them by their value, before everything else; 1.9, 1.10, 1.10a, a.
bool naturally_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const Token left = take_token(a);
    const Token right = take_token(b);
    if (left.number != right.number) return left.number;
    if (left.text.size() != right.text.size()) return left.text.size() < right.text.size();
    if (left.text != right.text) return left.text < right.text;
    if (left.zeros != right.zeros) return left.zeros < right.zeros;
  }
  return a.empty() && !b.empty();
}

/// What Docker shows, in its order: what pullers get, and what they would get if releases did not have the
/// tag.
std::vector<tuf::TagView> shown_tags(std::vector<tuf::TagView> tags) {
  std::erase_if(tags, [](const tuf::TagView& tag) {
    return !tag.is_in(RoleName::targets()) && !tag.is_in(RoleName::releases());
  });
  std::stable_sort(tags.begin(), tags.end(), [](const tuf::TagView& a, const tuf::TagView& b) {
    return naturally_before(a.name, b.name);
  });
  return tags;
}

std::string hex_digest(const tuf::TagView& tag) {
  return tag.digest().empty() ? "" : tag.digest().substr(7);
}

}  // namespace

std::string docker_json(const tuf::TrustedRepository& repository, const std::vector<tuf::TagView>& tags,
                        const std::string& name) {
  OrderedJson signed_tags = OrderedJson::array();
  for (const tuf::TagView& tag : shown_tags(tags)) {
    signed_tags.push_back({{"SignedTag", tag.name},
                           {"Digest", hex_digest(tag)},
                           {"Signers", signers_or_admin(tag, "Repo Admin")}});
  }
  OrderedJson signers = OrderedJson::array();
  for (const Signer& signer : signers_of(repository))
    signers.push_back({{"Name", signer.name}, {"Keys", key_list(signer.keys)}});
  const OrderedJson administrative = {
      {{"Name", "Root"}, {"Keys", key_list(key_ids(repository, "root"))}},
      {{"Name", "Repository"}, {"Keys", key_list(key_ids(repository, "targets"))}}};
  const OrderedJson document = {{{"Name", name},
                                 {"SignedTags", signed_tags},
                                 {"Signers", signers},
                                 {"AdministrativeKeys", administrative}}};
  return document.dump(4, ' ', false, OrderedJson::error_handler_t::replace);
}

std::vector<std::string> docker_pretty(const tuf::TrustedRepository& repository,
                                       const std::vector<tuf::TagView>& tags, const std::string& name) {
  std::vector<std::string> lines;
  const auto append = [&](const TextTable& table) {
    for (std::string& line : table.lines()) lines.push_back(std::move(line));
  };
  const std::vector<tuf::TagView> shown = shown_tags(tags);
  lines.insert(lines.end(), {"", (shown.empty() ? "No signatures for " : "Signatures for ") + name, ""});
  if (!shown.empty()) {
    TextTable table({"SIGNED TAG", "DIGEST", "SIGNERS"}, kDockerSpacing);
    for (const tuf::TagView& tag : shown) {
      table.add({tag.name, hex_digest(tag), tuf::join(sorted(signers_or_admin(tag, "(Repo Admin)")))});
    }
    append(table);
  }
  lines.emplace_back();
  std::vector<Signer> signers = signers_of(repository);
  std::sort(signers.begin(), signers.end(),
            [](const Signer& a, const Signer& b) { return naturally_before(a.name, b.name); });
  if (!signers.empty()) {
    lines.insert(lines.end(), {"List of signers and their keys for " + name, ""});
    TextTable table({"SIGNER", "KEYS"}, kDockerSpacing);
    for (const Signer& signer : signers) {
      std::vector<std::string> short_ids;
      for (const std::string& id : signer.keys) short_ids.push_back(id.substr(0, 12));
      table.add({signer.name, tuf::join(sorted(std::move(short_ids)))});
    }
    append(table);
    lines.emplace_back();
  }
  lines.insert(lines.end(), {"Administrative keys for " + name, ""});
  lines.push_back("  Repository Key:\t" + tuf::join(key_ids(repository, "targets")));
  lines.push_back("  Root Key:\t" + tuf::join(key_ids(repository, "root")));
  return lines;
}

}  // namespace agent
