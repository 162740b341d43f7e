// Truth: who has asked for what, in a command of their own. Nothing that was only signed along is in it.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tests/attack/gate/people.h"
#include "tuf/metadata/roles.h"

namespace gate {

/// Where an entry is asked for: with the gate alone every repository with the same keys is one.
struct Place {
  std::string gun;
  std::string tag;
};

class Truth {
 public:
  Truth(const People& people, Mode mode) : people_(people), mode_(mode) {}

  /// `in_targets`: the word of the administrator, which is another than theirs as a user.
  void asked(const Person& person, const Place& place, const tuf::Target& image, bool in_targets);
  /// What stands under their name since they asked: the whole of it, whatever it is bound to.
  void said(const Person& person, const Place& place, const tuf::Target& entry, bool in_targets);

  Names who_asked(const Place& place, const tuf::Target& entry) const;
  /// Whether the people who have asked for this very digest suffice for the rule.
  bool is_asked_for(const Place& place, const tuf::Target& entry) const;
  bool has_asked(const Person& person, const Place& place, const tuf::Target& entry) const {
    return who_asked(place, entry).contains(person.name);
  }
  /// Whether somebody whose word counts has said everything that the entry says.
  bool is_said(const Place& place, const tuf::Target& entry) const;
  bool has_said(const Person& person, const Place& place, const tuf::Target& entry) const;
  /// All that people have said of the tag with this digest whose word counts.
  std::vector<tuf::Target> sayings(const Place& place, const tuf::Target& entry) const;
  /// All that this person has said of it, counted or not.
  std::vector<tuf::Target> sayings_of(const Person& person, const Place& place,
                                      const tuf::Target& entry) const;

 private:
  struct Saying {
    std::string who;
    bool in_targets;
    tuf::Target entry;
  };
  using Image = std::tuple<std::string, std::string, tuf::Bytes>;  // repository, tag, SHA-256
  Image image(const Place& place, const tuf::Target& entry) const;
  bool counts(const Saying& saying, const std::string& tag) const;

  const People& people_;
  Mode mode_;
  std::map<Image, Names> askers_;
  std::map<Image, bool> administrator_asked_;
  std::map<Image, std::vector<Saying>> sayings_;
};

/// Whether all that `entry` says, what it is bound to aside, is said by `other` too.
bool is_part_of(const tuf::Target& entry, const tuf::Target& other);
/// What the custom data says, what it is bound to aside; `null` for nothing.
tuf::Json unbound_custom(const tuf::Target& entry);

}  // namespace gate
