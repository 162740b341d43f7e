// ImageFinder: which images a Kubernetes manifest or a compose file runs, told by what a reader of YAML or
// JSON meets in it, piece by piece: no tree is built, and an alias costs nothing.
//
// Every `image` member with text counts, at any depth and in any kind of object: containers, init and
// ephemeral containers, whatever a custom resource calls them, services of a compose file. So do image
// volumes (`reference` below `image`; in a compose file `source` beside `type: image`), what charts put
// together (`repository` with `tag` or `digest` below `image`), and the models of a compose file. Members are
// recognised as Go's JSON readers do, who take `Image` for `image`.
// Two things do not count, and only where no alias could take them elsewhere: the `status` of an object, and
// texts in the `data` of a core ConfigMap or Secret, of which the caller is told.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/image/listed/listed_image.h"

namespace agent {

/// A text, number or constant, as a reader meets it.
struct ManifestScalar {
  std::string_view text;
  bool is_text;  // quoted, in a block, tagged: no reader takes it for a number, a constant or nothing
};

/// Each piece comes with its line. Every function throws kFileUnreadable for what cannot be judged: an image
/// that is put together from what stands elsewhere, a key twice in a map or one that is no text, text where a
/// document should be, and too many values, images, anchors or levels.
class ImageFinder {
 public:
  /// `name` is that of the file, for messages; it must outlive the finder.
  explicit ImageFinder(const std::string& name) : name_(name) {}

  void begin_document();
  void scalar(int line, ManifestScalar scalar, const std::string& anchor = {});
  void alias(int line, const std::string& anchor);
  void begin_map(int line, const std::string& anchor = {}) { open(line, anchor, true); }
  void end_map();
  void begin_list(int line, const std::string& anchor = {}) { open(line, anchor, false); }
  void end_list() { close(); }

  /// All that was found, when the file has ended. Throws also for a compose file that takes in others or runs
  /// what is no image: with `services` at the top of one document, all of them are compose files.
  ImageList take();

 private:
  /// A member that decides what its map is.
  struct Member {
    int line;
    std::string text = {};  // of a scalar; its beginning if it is too long to be anything
  };

  /// What a map says if it is a service of a compose file, or is merged into one.
  struct Service {
    bool builds = false;
    bool has_image = false;
    bool has_empty_image = false;  // which hides that of another map that is merged
    bool has_provider = false;

    void add(const Service& other);
    /// Why it does not run an image; null if it does.
    const char* reason() const;
  };

  struct Anchor {
    std::optional<std::string> text = {};  // of a scalar
    bool is_text = false;
    bool is_list = false;
    bool is_complete = true;
    Service service = {};  // of a map
  };

  struct Found {
    ListedImage image;
    bool is_text;
    bool is_exact;  // under the very name, which is the only one that compose knows
  };

  /// What stands below a member of an object that may turn out not to run: from which image to which.
  struct Region {
    std::size_t first_image;
    std::size_t first_unjudged;
    std::size_t last_image = 0;
    std::size_t last_unjudged = 0;
    bool is_flat = true;
  };

  struct Node {
    bool is_map;
    bool at_key;  // of a map: what comes next is a key
    std::string anchor;
    std::string key = {};
    std::string word = {};  // the key, as it is recognised
    std::map<std::string, Member, std::less<>> members = {};
    std::map<std::string, Member, std::less<>> parts = {};  // of the name of an image
    std::map<std::string, Region, std::less<>> regions = {};
    std::vector<std::pair<std::uint64_t, int>> keys = {};  // their hashes and lines
    Service merged = {};                                   // by `<<`

    bool is_at(std::string_view member) const { return is_map && !at_key && key == member; }
    bool is_at_word(std::string_view member) const { return is_map && !at_key && word == member; }
    bool has(std::string_view member) const { return members.find(member) != members.end(); }
    std::string text(std::string_view member) const;
    Service service() const;
  };

  /// A line that does not say what runs, if the document is a compose file.
  struct Note {
    int line;
    const char* reason;
  };

  [[noreturn]] void fail(int line, const std::string& reason, const std::string& hint = kUnclearLine) const {
    fail_at(name_, line, reason, hint);
  }
  [[noreturn]] void fail_unclear(const Note& note) const;
  void count(int line);
  void define(int line, const std::string& name, Anchor anchor);
  void note(int line, const char* reason);

  bool is_object() const;
  bool is_entry_of(const char* member, std::size_t depth) const;
  bool is_below(std::string_view member) const;
  Node* merging();

  void open(int line, const std::string& anchor, bool is_map);
  void close();
  void advance();
  void read_key(int line, std::string_view key);
  void read_value(int line, std::string_view text, bool is_text);
  void scalar_value(int line, std::string_view text, bool is_text);
  void require_distinct_keys(Node& map) const;
  void look_at_parts(const Node& map);
  void look_at_compose(const Node& map);
  void look_at_object(const Node& map);
  void tell(int line, const char* reason);
  void add(std::vector<Found>& found, int line, std::string_view text, bool is_text, bool is_exact = true);

  const std::string& name_;
  std::size_t values_ = 0;

  // of the document
  std::vector<Node> nodes_;  // from the document to where the reader stands
  std::map<std::string, Anchor> anchors_;
  std::optional<Note> unclear_;
  std::optional<Note> unclear_before_compose_2_;  // if services stand at the top, as they once did
  bool only_maps_ = true;                         // at the top
  std::vector<Found> mounted_;                    // if it is a compose file
  std::size_t first_found_ = 0;

  // of the file
  bool is_compose_ = false;
  std::optional<Note> unclear_if_compose_;
  std::vector<Found> mounted_if_compose_;
  std::vector<Found> found_;
  std::vector<ListedImage> unjudged_;
};

}  // namespace agent
