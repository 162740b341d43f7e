#include "agent/image/yaml_images.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

namespace agent {
namespace {

constexpr std::size_t kMaxValues = 1'000'000;
constexpr std::size_t kMaxDepth = 100;

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
    other_file_.reset();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    define(anchor, "");
    value(mark, "");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    const bool is_text = found != anchors_.end() && found->second;
    if (!is_text && !nodes_.empty() && nodes_.back().is_at("image")) fail_hidden(mark);
    if (!is_text && !nodes_.empty() && nodes_.back().is_at("extends")) note_other_file(mark);
    value(mark, is_text ? *found->second : "");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (tag.ends_with(":binary"))
      fail_at(name_, mark.line + 1, "holds base64, which says something else than it shows");
    define(anchor, text);
    value(mark, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, false);
    define(anchor, std::nullopt);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, true);
    define(anchor, std::nullopt);
  }
  void OnMapEnd() override {
    const Node& node = nodes_.back();
    if (nodes_.size() == 1 && node.kind.empty() && other_file_) {
      fail_at(name_, *other_file_, "takes in other files: give what docker compose config makes of it");
    }
    if (is_resource() && node.runs_nothing() && anchors_.size() == node.anchors_before)
      images_.resize(node.images_before);
    close();
  }

 private:
  struct Node {
    bool is_map;
    bool at_key;  // of a map: what comes next is a key
    std::string key;
    std::string kind;  // value of the member `kind`
    std::string api;   // value of the member `apiVersion`
    std::size_t images_before;
    std::size_t anchors_before;  // what has an anchor may run elsewhere
    bool has_merge = false;      // `<<`, which in some readers replaces the kind

    /// Whether the value of that member comes next, or is being read.
    bool is_at(const char* member) const { return is_map && !at_key && key == member; }

    bool runs_nothing() const {
      if (has_merge) return false;
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

  void define(YAML::anchor_t anchor, std::optional<std::string> text) {
    if (anchor) anchors_[anchor] = std::move(text);
  }

  /// The map that says the image, as those of volumes do, stands elsewhere under another name.
  [[noreturn]] void fail_hidden(const YAML::Mark& mark) {
    fail_at(name_, mark.line + 1, "puts an image together from what stands elsewhere");
  }

  /// A compose file may take in others: `include`, and `extends` with `file`.
  void note_other_file(const YAML::Mark& mark) {
    if (!other_file_) other_file_ = mark.line + 1;
  }

  bool is_below(const char* member) const {
    return nodes_.size() > 1 && nodes_[nodes_.size() - 2].is_at(member);
  }

  void read_key(const YAML::Mark& mark, const std::string& key) {
    Node& node = nodes_.back();
    node.key = key;
    const bool is_merge = key == "<<";
    if (is_merge) node.has_merge = true;
    if (is_merge && is_below("image")) fail_hidden(mark);
    if (nodes_.size() == 1 && (is_merge || key == "include")) note_other_file(mark);
    if (is_below("extends") && (is_merge || key == "file")) note_other_file(mark);
  }

  /// The value (or key) that was just read is complete.
  void advance() {
    if (!nodes_.empty() && nodes_.back().is_map) nodes_.back().at_key = !nodes_.back().at_key;
  }

  void open(const YAML::Mark& mark, bool is_map) {
    count(mark);
    if (nodes_.size() == kMaxDepth) fail_at(name_, mark.line + 1, "is nested too deeply");
    if (!nodes_.empty() && nodes_.back().at_key) nodes_.back().key.clear();
    nodes_.push_back({is_map, is_map, "", "", "", images_.size(), anchors_.size()});
  }
  void close() {
    nodes_.pop_back();
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
      if (node.key == "kind") node.kind = text;
      if (node.key == "apiVersion") node.api = text;
      if ((node.key == "image" || is_volume) && !text.empty()) add(mark, text);
    }
    advance();
  }

  void add(const YAML::Mark& mark, const std::string& text) {
    if (images_.size() == kMaxListedImages) fail_at(name_, mark.line + 1, "names too many images");
    images_.push_back({text, mark.line + 1});
  }

  const std::string& name_;
  std::vector<Node> nodes_;  // from the document to where the parser stands
  std::map<YAML::anchor_t, std::optional<std::string>> anchors_;  // the text of scalars
  std::optional<int> other_file_;                                 // the line that takes one in
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
