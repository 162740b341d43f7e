#include "agent/image/listed/image_finder.h"

#include <algorithm>
#include <functional>

#include "tuf/base/words.h"

namespace agent {
namespace {

constexpr std::size_t kMaxValues = 1'000'000;
constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kMaxAnchors = 10'000;
/// Longer than any reference: an alias repeats a text for nothing.
constexpr std::size_t kMaxTextLength = 1024;

constexpr const char* kOtherFiles = "takes in other files";
constexpr const char* kPutTogether = "puts services together";
constexpr const char* kVariables = "holds a variable";
constexpr const char* kBuilds = "builds what it runs";
constexpr const char* kProvider = "is run by a provider, which is a program and no image";

constexpr const char* kQuote = "put it in quotes";

constexpr const char* kChartDecides =
    "an image of which only a part stands here: what a chart makes of it is not judged";
constexpr const char* kOnlyData =
    "the text below \"image\" in a ConfigMap or Secret runs nothing and is not judged";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// As Go's JSON readers compare names: without case, and with the two letters that Unicode folds into ASCII.
std::string folded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\u017F") {
      result += 's';
      ++i;
    } else if (text.substr(i, 3) == "\u212A") {
      result += 'k';
      i += 2;
    } else {
      result += tuf::in_lower_case(text[i]);
    }
  }
  return result;
}

bool is_null(std::string_view text) {
  return is_one_of(text, {"", "~", "null", "Null", "NULL"});
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether some reader of YAML takes a text without quotes for a number, a date or a truth: generously.
bool may_be_no_text(std::string_view text) {
  if (is_one_of(folded(text), {"true", "false", "yes", "no", "on", "off", "y", "n"})) return true;
  if (text.empty() || !(is_digit(text[0]) || text[0] == '+' || text[0] == '-' || text[0] == '.'))
    return false;
  return text.find_first_not_of("0123456789_.:+-abcdefinotxzABCDEFINOTXZ ") == std::string_view::npos;
}

/// Numbers that every reader writes again as they stand; not 1.10, 007, 1e5 or a date without dashes.
bool stays_as_it_is(std::string_view number) {
  constexpr std::size_t kMaxDigits = 6;
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::string_view fraction = number.substr(std::min(point + 1, number.size()));
  const auto digits = [](std::string_view part) { return std::all_of(part.begin(), part.end(), is_digit); };
  if (point == 0 || number.size() > kMaxDigits + 1) return false;
  if (!digits(number.substr(0, point)) || !digits(fraction)) return false;
  if (number[0] == '0' && point > 1) return false;
  return point == number.size() ? number.size() <= kMaxDigits : !fraction.empty() && fraction.back() != '0';
}

template <class Note>
void keep_first(std::optional<Note>& first, const std::optional<Note>& note) {
  if (!first) first = note;
}

}  // namespace

void ImageFinder::Service::add(const Service& other) {
  builds = builds || other.builds;
  has_image = has_image || other.has_image;
  has_empty_image = has_empty_image || other.has_empty_image;
  has_provider = has_provider || other.has_provider;
}

const char* ImageFinder::Service::reason() const {
  if (has_provider) return kProvider;
  return builds && (!has_image || has_empty_image) ? kBuilds : nullptr;
}

std::string ImageFinder::Node::text(std::string_view member) const {
  const auto found = members.find(member);
  return found == members.end() ? "" : found->second.text;
}

/// What is merged may hide what stands in the map itself: in yaml.v2 the later one counts.
ImageFinder::Service ImageFinder::Node::service() const {
  Service all = merged;
  all.builds = all.builds || has("build");
  all.has_provider = all.has_provider || has("provider");
  if (has("image")) {
    all.has_image = !text("image").empty();
    all.has_empty_image = all.has_empty_image || !all.has_image;
  }
  return all;
}

/// A document, or an element of the `items` of a list.
bool ImageFinder::is_object() const {
  return nodes_.size() == 1 || (nodes_.size() == 3 && nodes_[0].is_at("items") && !nodes_[1].is_map);
}

/// Whether what stands at that depth is a value in the map that this member of the document holds.
bool ImageFinder::is_entry_of(const char* member, std::size_t depth) const {
  return depth == 3 && nodes_[0].is_at(member) && nodes_[1].is_map && !nodes_[1].at_key;
}

bool ImageFinder::is_below(std::string_view member) const {
  return nodes_.size() > 1 && nodes_[nodes_.size() - 2].is_at_word(member);
}

/// The map into which `<<` puts what comes next, alone or in a list; null if none.
ImageFinder::Node* ImageFinder::merging() {
  if (nodes_.empty()) return nullptr;
  const bool in_list = nodes_.size() > 1 && !nodes_.back().is_map;
  Node& node = nodes_[nodes_.size() - (in_list ? 2 : 1)];
  return node.is_at("<<") ? &node : nullptr;
}

void ImageFinder::count(int line) {
  if (++values_ > kMaxValues) fail(line, "holds too many values", kTooMuch);
}

void ImageFinder::define(int line, const std::string& name, Anchor anchor) {
  if (name.empty()) return;
  if (name.size() > kMaxTextLength || anchors_.size() == kMaxAnchors) fail(line, "holds too many anchors");
  if (!anchors_.insert({name, std::move(anchor)}).second)
    fail(line, "names two things by one anchor, of which not every reader takes the same");
}

/// If the document turns out to be a compose file, that line does not say what runs.
void ImageFinder::note(int line, const char* reason) {
  keep_first(unclear_, std::optional<Note>({line, reason}));
}

void ImageFinder::fail_unclear(const Note& note) const {
  if (note.reason == kBuilds)
    fail(note.line, note.reason, "name the image that it runs, or leave the service out");
  if (note.reason == kProvider) fail(note.line, note.reason, "leave the service out");
  fail(note.line, note.reason, hint_to_compose(name_));
}

void ImageFinder::begin_document() {
  nodes_.clear();
  anchors_.clear();
  unclear_.reset();
  unclear_before_compose_2_.reset();
  only_maps_ = true;
  mounted_.clear();
  first_found_ = found_.size();
}

void ImageFinder::scalar(int line, ManifestScalar scalar, const std::string& anchor) {
  const bool nothing = !scalar.is_text && is_null(scalar.text);
  const std::string_view text = scalar.text.substr(0, kMaxTextLength + 1);
  define(line, anchor, {std::string(nothing ? "" : text), scalar.is_text});
  if (!nodes_.empty() && nodes_.back().at_key) {
    count(line);
    read_key(line, scalar.text);
  } else {
    scalar_value(line, nothing ? "" : text, scalar.is_text);
  }
}

void ImageFinder::alias(int line, const std::string& name) {
  if (!nodes_.empty() && nodes_.back().at_key) fail(line, "has a key that stands elsewhere");
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) fail(line, "repeats what does not stand before it in the same document");
  const Anchor& anchor = found->second;
  if (!anchor.is_complete) fail(line, "repeats what it is a part of");
  if (!anchor.text && !nodes_.empty()) {
    // A map that says the image, as those of volumes do, stands elsewhere under another name.
    if (nodes_.back().is_at_word("image")) fail(line, "puts an image together from what stands elsewhere");
    if (nodes_.back().is_at("extends")) note(line, kOtherFiles);
    if (nodes_.size() == 1 && (nodes_.back().is_at("services") || nodes_.back().is_at("models")))
      note(line, kPutTogether);
    if (is_entry_of("models", nodes_.size() + 1)) note(line, kPutTogether);
    if (Node* into = merging()) {
      if (anchor.is_list) fail(line, "merges a list that stands elsewhere, which not every reader does");
      into->merged.add(anchor.service);
    }
    if (const char* reason = anchor.service.reason()) {
      if (is_entry_of("services", nodes_.size() + 1)) note(line, reason);
      if (nodes_.size() == 1) keep_first(unclear_before_compose_2_, std::optional<Note>({line, reason}));
    }
    count(line);
    advance();
    return;
  }
  scalar_value(line, anchor.text.value_or(""), anchor.is_text);
}

void ImageFinder::open(int line, const std::string& anchor, bool is_map) {
  count(line);
  if (nodes_.size() == kMaxDepth) fail(line, "is nested too deeply");
  if (!nodes_.empty() && nodes_.back().at_key)
    fail_at(name_, line, "has a key that is no text; a template is rendered first", hint_to_render_chart());
  if (nodes_.size() == 1 && !is_map) only_maps_ = false;
  if (nodes_.size() > 1) {
    Node& above = nodes_[nodes_.size() - 2];
    if (const auto region = above.regions.find(above.key); region != above.regions.end())
      region->second.is_flat = false;
  }
  define(line, anchor, {.is_list = !is_map, .is_complete = false});
  nodes_.push_back({is_map, is_map, anchor});
}

void ImageFinder::close() {
  const Service service = nodes_.back().service();
  if (const std::string& anchor = nodes_.back().anchor; !anchor.empty()) {
    anchors_.at(anchor).is_complete = true;
    anchors_.at(anchor).service = service;
  }
  nodes_.pop_back();
  if (Node* into = merging()) into->merged.add(service);
  advance();
}

void ImageFinder::end_map() {
  require_distinct_keys(nodes_.back());
  const Node& map = nodes_.back();
  if (is_below("image")) look_at_parts(map);
  look_at_compose(map);
  if (is_object()) look_at_object(map);
  close();
}

/// The value (or key) that was just read is complete.
void ImageFinder::advance() {
  if (nodes_.empty() || !nodes_.back().is_map) return;
  Node& node = nodes_.back();
  if (!node.at_key) {
    if (const auto region = node.regions.find(node.key); region != node.regions.end()) {
      region->second.last_image = found_.size();
      region->second.last_unjudged = unjudged_.size();
    }
  }
  node.at_key = !node.at_key;
}

void ImageFinder::read_key(int line, std::string_view key) {
  Node& node = nodes_.back();
  node.keys.emplace_back(std::hash<std::string_view>{}(key), line);
  node.key = key.substr(0, kMaxTextLength + 1);
  node.word = folded(node.key);
  if (is_one_of(key, {"kind", "apiVersion", "<<", "type", "image", "build", "source", "services", "provider",
                      "model"}))
    node.members[node.key] = {line};
  if (is_object() && is_one_of(key, {"status", "data", "stringData"}))
    node.regions[node.key] = {found_.size(), unjudged_.size()};
  const bool is_merge = key == "<<";
  if (is_merge && is_below("image")) fail(line, "puts an image together from what stands elsewhere");
  if (nodes_.size() == 1 && (is_merge || key == "include")) note(line, kOtherFiles);
  if (is_below("extends") && (is_merge || key == "file")) note(line, kOtherFiles);
  if (nodes_.size() == 2 && is_merge && (nodes_[0].is_at("services") || nodes_[0].is_at("models")))
    note(line, kPutTogether);
  advance();
}

void ImageFinder::scalar_value(int line, std::string_view text, bool is_text) {
  count(line);
  if (nodes_.empty()) {
    if (!text.empty()) fail(line, "is text, where a manifest should be", kOtherKind);
    return;
  }
  read_value(line, text, is_text);
  advance();
}

void ImageFinder::read_value(int line, std::string_view text, bool is_text) {
  Node& node = nodes_.back();
  if (!node.is_map) {
    if (!text.empty() && is_below("image")) add(found_, line, text, is_text);
    return;
  }
  if (nodes_.size() == 1) only_maps_ = false;
  if (const auto told = node.members.find(node.key); told != node.members.end()) told->second.text = text;
  if (text.empty()) return;
  if (node.word == "image") add(found_, line, text, is_text, node.key == "image");
  if (!is_below("image")) return;
  if (node.word == "reference") add(found_, line, text, is_text);
  if (is_one_of(node.word, {"registry", "repository", "tag", "digest"})) {
    if (!is_text && may_be_no_text(text) && !stays_as_it_is(text))
      fail(line, "is a number that readers write differently", kQuote);
    if (!node.parts.insert({node.word, {line, std::string(text)}}).second) fail(line, "holds a key twice");
  }
}

void ImageFinder::require_distinct_keys(Node& map) const {
  std::sort(map.keys.begin(), map.keys.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  const auto twice = std::adjacent_find(map.keys.begin(), map.keys.end(), same);
  if (twice != map.keys.end())
    fail((twice + 1)->second, "holds a key twice, of which every reader takes another");
}

/// The map below `image` by which charts name one.
void ImageFinder::look_at_parts(const Node& map) {
  const auto part = [&](const char* word, const char* before, const char* after) {
    const auto found = map.parts.find(word);
    return found == map.parts.end() ? std::string() : before + found->second.text + after;
  };
  if (map.parts.empty()) return;
  const std::string named = part("tag", ":", "") + part("digest", "@", "");
  const auto repository = map.parts.find("repository");
  if (repository != map.parts.end() && !named.empty()) {
    add(found_, repository->second.line, part("registry", "", "/") + repository->second.text + named, true);
  } else {
    tell(map.parts.begin()->second.line, kChartDecides);
  }
}

/// A map is complete: a service, or what may become a part of one; a volume; a model.
void ImageFinder::look_at_compose(const Node& map) {
  const Service service = map.service();
  if (const char* reason = service.reason()) {
    int line = 0;
    for (const char* member : {"<<", "build", "provider"}) {
      if (const auto told = map.members.find(member); told != map.members.end()) line = told->second.line;
    }
    if (is_entry_of("services", nodes_.size())) note(line, reason);
    if (nodes_.size() == 2 && nodes_[0].is_map)
      keep_first(unclear_before_compose_2_, std::optional<Note>({line, reason}));
  }
  const std::string type = map.text("type");  // of a volume
  const std::string source = map.text("source");
  if (type == "image" && !source.empty()) add(mounted_, map.members.at("source").line, source, true);
  if ((type == "image" && source.empty()) || (map.has("source") && map.has("<<")))
    note(map.members.at(map.has("source") ? "source" : "type").line, kPutTogether);
  if (type.find('$') != std::string::npos) note(map.members.at("type").line, kVariables);
  if (is_entry_of("models", nodes_.size())) {
    const std::string model = map.text("model");
    if (!model.empty() && !map.has("<<"))
      add(mounted_, map.members.at("model").line, model, true);
    else
      note(nodes_[1].keys.back().second, kPutTogether);
  }
  if (nodes_.size() != 1) return;

  const bool is_compose = map.has("services") || map.has("<<");
  const bool has_kind = !map.text("kind").empty();
  is_compose_ = is_compose_ || is_compose;
  if (!map.has("services") && !has_kind && only_maps_) keep_first(unclear_, unclear_before_compose_2_);
  if (unclear_ && (is_compose || !has_kind)) fail_unclear(*unclear_);
  keep_first(unclear_if_compose_, unclear_);
  if (is_compose && !has_kind) {
    const auto first = found_.begin() + static_cast<std::ptrdiff_t>(first_found_);
    found_.erase(std::remove_if(first, found_.end(), [](const Found& found) { return !found.is_exact; }),
                 found_.end());
  }
  std::vector<Found>& mounted = is_compose || !has_kind ? found_ : mounted_if_compose_;
  mounted.insert(mounted.end(), mounted_.begin(), mounted_.end());
  mounted_.clear();
}

/// What of an object of Kubernetes does not run.
void ImageFinder::look_at_object(const Node& map) {
  const std::string kind = map.text("kind");
  const std::string version = map.text("apiVersion");
  if (kind.empty() || version.empty() || map.has("<<") || !anchors_.empty()) return;
  if (nodes_.size() == 1 && map.has("services")) return;
  const bool has_data = version == "v1" && (kind == "ConfigMap" || kind == "Secret");
  std::vector<Region> regions;
  std::vector<int> data;
  for (const auto& [member, region] : map.regions) {
    const bool is_status = member == "status";
    if (!is_status && !(has_data && region.is_flat)) continue;
    regions.push_back(region);
    if (is_status) {
      unjudged_.erase(unjudged_.begin() + static_cast<std::ptrdiff_t>(region.first_unjudged),
                      unjudged_.begin() + static_cast<std::ptrdiff_t>(region.last_unjudged));
    }
    for (std::size_t i = region.first_image; !is_status && i < region.last_image; ++i)
      data.push_back(found_[i].image.line);
  }
  const auto later = [](const Region& a, const Region& b) { return a.first_image > b.first_image; };
  std::sort(regions.begin(), regions.end(), later);
  for (const Region& region : regions) {
    found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(region.first_image),
                 found_.begin() + static_cast<std::ptrdiff_t>(region.last_image));
  }
  for (const int line : data) tell(line, kOnlyData);
}

void ImageFinder::tell(int line, const char* reason) {
  if (unjudged_.size() == kMaxListedImages) fail(line, "names too many images", kTooMuch);
  unjudged_.push_back({reason, line});
}

void ImageFinder::add(std::vector<Found>& found, int line, std::string_view text, bool is_text,
                      bool is_exact) {
  if (found_.size() + mounted_.size() + mounted_if_compose_.size() == kMaxListedImages)
    fail(line, "names too many images", kTooMuch);
  found.push_back({{std::string(text.substr(0, kMaxTextLength + 1)), line}, is_text, is_exact});
}

ImageList ImageFinder::take() {
  if (is_compose_) {
    if (unclear_if_compose_) fail_unclear(*unclear_if_compose_);
    found_.insert(found_.end(), mounted_if_compose_.begin(), mounted_if_compose_.end());
  }
  ImageList list;
  for (Found& found : found_) {
    const std::string& text = found.image.text;
    if (text.size() > kMaxTextLength)
      fail(found.image.line, "is too long for the name of an image", kOtherKind);
    if (text.find_first_of("${}") != std::string::npos)
      fail_unrendered(name_, found.image.line, text, is_compose_);
    if (!found.is_text && may_be_no_text(text))
      fail(found.image.line, "is a number for some readers", kQuote);
    list.images.push_back(std::move(found.image));
  }
  list.unjudged = std::move(unjudged_);
  return list;
}

}  // namespace agent
