#include "agent/image/yaml_images.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

namespace agent {
namespace {

constexpr std::size_t kMaxValues = 1'000'000;
constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kMaxTextLength =
    1024;  // longer than any reference: an alias repeats a text for nothing

/// Takes a YAML stream event by event: nothing is built, so an alias costs nothing.
class ImageFinder final : public YAML::EventHandler {
 public:
  /// `length` is that of the text. No byte makes more than two values; of some texts yaml-cpp makes them
  /// without end.
  ImageFinder(const std::string& name, std::size_t length)
      : name_(name), max_values_(std::min(kMaxValues, 2 * length + 2)) {}

  std::vector<ListedImage> take() { return std::move(images_); }

  void OnDocumentStart(const YAML::Mark&) override {
    nodes_.clear();
    anchors_.clear();
    unclear_.reset();
    mounted_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    define(anchor, {""});
    value(mark, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t number) override {
    const auto found = anchors_.find(number);
    const Anchor anchor = found == anchors_.end() ? Anchor{} : found->second;
    if (!anchor.text && !nodes_.empty()) {
      if (nodes_.back().is_at("image")) fail_hidden(mark);
      if (nodes_.back().is_at("extends")) note(mark, kOtherFiles);
      if (nodes_.size() == 1 && nodes_.back().is_at("services")) note(mark, kPutTogether);
      if (Node* into = merging()) into->merged.add(anchor.service);
      if (is_service(nodes_.size() + 1) && anchor.service.only_builds()) note(mark, kBuilds);
    }
    value(mark, anchor.text.value_or(""));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (tag.ends_with(":binary"))
      fail_at(name_, mark.line + 1, "holds base64, which says something else than it shows");
    define(anchor, {text});
    value(mark, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, false);
    define(anchor, {});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, true);
    define(anchor, {});
  }
  void OnMapEnd() override {
    const Node& node = nodes_.back();
    look_at_compose(node);
    if (is_resource() && node.runs_nothing() && anchors_.size() == node.anchors_before)
      images_.resize(node.images_before);
    close();
  }

 private:
  static constexpr const char* kOtherFiles =
      "takes in other files: give what docker compose config makes of it";
  static constexpr const char* kPutTogether =
      "puts services together: give what docker compose config makes of it";
  static constexpr const char* kBuilds =
      "builds what it runs: give an image, or leave it out with docker compose config SERVICE...";

  /// A member that decides what its map is.
  struct Member {
    int line;
    std::string text;  // of a scalar; its beginning if it is too long to be anything
  };

  /// What a map says if it is a service of a compose file, or is merged into one.
  struct Service {
    bool builds = false;
    bool has_image = false;

    bool only_builds() const { return builds && !has_image; }
    void add(const Service& other) {
      builds = builds || other.builds;
      has_image = has_image || other.has_image;
    }
  };

  struct Anchor {
    std::optional<std::string> text;  // of a scalar
    Service service = {};             // of a map
  };

  struct Node {
    bool is_map;
    bool at_key;  // of a map: what comes next is a key
    YAML::anchor_t anchor;
    std::size_t images_before;
    std::size_t anchors_before;  // what has an anchor may run elsewhere
    std::string key = {};
    std::map<std::string, Member> members = {};
    Service merged = {};  // by `<<`

    /// Whether the value of that member comes next, or is being read.
    bool is_at(const char* member) const { return is_map && !at_key && key == member; }
    bool has(const char* member) const { return members.count(member) != 0; }
    std::string text(const char* member) const {
      const auto found = members.find(member);
      return found == members.end() ? "" : found->second.text;
    }

    Service service() const {
      return {merged.builds || has("build"), has("image") ? !text("image").empty() : merged.has_image};
    }

    bool runs_nothing() const {
      const std::string kind = text("kind");
      const std::string api = text("apiVersion");
      if (has("<<")) return false;  // which in some readers replaces the kind
      return (api == "v1" && (kind == "ConfigMap" || kind == "Secret")) ||
             (api.starts_with("apiextensions.k8s.io/") && kind == "CustomResourceDefinition");
    }
  };

  /// A document, or an element of the `items` of a list.
  bool is_resource() const {
    return nodes_.size() == 1 ||
           (nodes_.size() == 3 && nodes_[0].is_map && nodes_[0].key == "items" && !nodes_[1].is_map);
  }

  void count(const YAML::Mark& mark) {
    if (++values_ > max_values_) fail_at(name_, mark.line + 1, "holds too many values");
  }

  void define(YAML::anchor_t number, Anchor anchor) {
    if (number) anchors_[number] = std::move(anchor);
  }

  /// The map that says the image, as those of volumes do, stands elsewhere under another name.
  [[noreturn]] void fail_hidden(const YAML::Mark& mark) {
    fail_at(name_, mark.line + 1, "puts an image together from what stands elsewhere");
  }

  /// If the document turns out to be a compose file, that line does not say what runs.
  void note(int line, const char* reason) {
    if (!unclear_) unclear_ = {line, reason};
  }
  void note(const YAML::Mark& mark, const char* reason) { note(mark.line + 1, reason); }

  /// Whether what stands at that depth is a service of a compose file.
  bool is_service(std::size_t depth) const {
    return depth == 3 && nodes_[0].is_at("services") && nodes_[1].is_map && !nodes_[1].at_key;
  }

  /// The map into which `<<` puts what comes next, alone or in a list; null if none.
  Node* merging() {
    if (nodes_.empty()) return nullptr;
    const bool in_list = nodes_.size() > 1 && !nodes_.back().is_map;
    Node& node = nodes_[nodes_.size() - (in_list ? 2 : 1)];
    return node.is_at("<<") ? &node : nullptr;
  }

  /// A map is complete: a service, or what may become a part of one; a volume; the whole document.
  void look_at_compose(const Node& map) {
    if (map.anchor) anchors_[map.anchor].service = map.service();
    if (is_service(nodes_.size()) && map.service().only_builds())
      note(map.has("build") ? map.members.at("build").line : map.members.at("<<").line, kBuilds);
    if (map.text("type") == "image") {  // of a volume
      if (map.text("source").empty())
        note(map.members.at("type").line, kPutTogether);
      else
        add(mounted_, {map.text("source"), map.members.at("source").line});
    }
    if (nodes_.size() != 1 || !map.text("kind").empty()) return;
    if (unclear_) fail_at(name_, unclear_->first, unclear_->second);
    for (const ListedImage& image : mounted_) add(images_, image);
  }

  bool is_below(const char* member) const {
    return nodes_.size() > 1 && nodes_[nodes_.size() - 2].is_at(member);
  }

  void read_key(const YAML::Mark& mark, const std::string& key) {
    Node& node = nodes_.back();
    node.key = key;
    static const std::set<std::string> kTelling = {"kind",  "apiVersion", "<<",    "type",
                                                   "image", "build",      "source"};
    if (kTelling.count(key)) node.members[key] = {mark.line + 1, ""};
    const bool is_merge = key == "<<";
    if (is_merge && is_below("image")) fail_hidden(mark);
    if (nodes_.size() == 1 && (is_merge || key == "include")) note(mark, kOtherFiles);
    if (is_below("extends") && (is_merge || key == "file")) note(mark, kOtherFiles);
    if (nodes_.size() == 2 && is_below("services") && is_merge) note(mark, kPutTogether);
  }

  /// The value (or key) that was just read is complete.
  void advance() {
    if (!nodes_.empty() && nodes_.back().is_map) nodes_.back().at_key = !nodes_.back().at_key;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_map) {
    count(mark);
    if (nodes_.size() == kMaxDepth) fail_at(name_, mark.line + 1, "is nested too deeply");
    if (!nodes_.empty() && nodes_.back().at_key) nodes_.back().key.clear();
    nodes_.push_back({is_map, is_map, anchor, images_.size(), anchors_.size()});
  }
  void close() {
    const Service service = nodes_.back().service();
    nodes_.pop_back();
    if (Node* into = merging()) into->merged.add(service);
    advance();
  }

  void value(const YAML::Mark& mark, const std::string& text) {
    count(mark);
    if (nodes_.empty()) {
      if (!text.empty()) fail_at(name_, mark.line + 1, "is text, where a manifest should be");
      return;
    }
    Node& node = nodes_.back();
    if (node.at_key) {
      read_key(mark, text);
    } else if (node.is_map) {
      const bool is_volume = node.key == "reference" && is_below("image");
      if (const auto told = node.members.find(node.key); told != node.members.end())
        told->second.text = text.substr(0, kMaxTextLength + 1);
      if ((node.key == "image" || is_volume) && !text.empty()) add(images_, {text, mark.line + 1});
    }
    advance();
  }

  void add(std::vector<ListedImage>& images, ListedImage image) {
    if (images.size() == kMaxListedImages) fail_at(name_, image.line, "names too many images");
    if (image.text.size() > kMaxTextLength)
      fail_at(name_, image.line, "is too long for the name of an image");
    images.push_back(std::move(image));
  }

  const std::string& name_;
  std::vector<Node> nodes_;  // from the document to where the parser stands
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::optional<std::pair<int, const char*>> unclear_;  // line and reason
  std::vector<ListedImage> mounted_;                    // if it is a compose file
  std::vector<ListedImage> images_;
  std::size_t values_ = 0;
  std::size_t max_values_;
};

}  // namespace

std::vector<ListedImage> images_in_yaml(std::string_view text, const std::string& name) {
  ImageFinder finder(name, text.size());
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(finder)) {
    }
  } catch (const YAML::Exception& error) {
    fail_at(name, error.mark.line + 1, "is not YAML: " + error.msg);
  }
  return finder.take();
}

}  // namespace agent
