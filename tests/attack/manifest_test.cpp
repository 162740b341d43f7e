// Manifests that show a good image and hide another one that kubectl, helm or docker would run. Each row
// names what is tried; the hidden image is found, or the file is refused with the line and the reason.
#include <algorithm>

#include "agent/image/listed/image_list.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

namespace {

constexpr const char* kEvil = "evil.example.com/evil:1";

struct Attack {
  const char* name;
  std::string text;
  const char* refused;  // what the refusal says; null if the image is found
};

const std::string kPod = R"(apiVersion: v1
kind: Pod
metadata: {name: good}
spec: {containers: [{name: c, image: "registry.example.com/good:1"}]}
)";
const std::string kEvilPod = R"(apiVersion: v1
kind: Pod
metadata: {name: evil}
spec: {containers: [{name: c, image: "evil.example.com/evil:1"}]}
)";
const std::string kServices = "services:\n  good: {image: \"registry.example.com/good:1\"}\n";

const std::vector<Attack> kKubernetes = {
    {"A list calls itself a ConfigMap",
     kPod + "---\napiVersion: v1\nkind: ConfigMap\nitems: [{kind: Pod, spec: {c: [{image: "
            "'evil.example.com/evil:1'}]}}]\n",
     nullptr},
    {"A custom resource names its image in a list",
     kPod + "---\napiVersion: example.com/v1\nkind: Runner\nspec: {image: ['evil.example.com/evil:1']}\n",
     nullptr},
    {"A list calls itself a Secret",
     kPod + "---\napiVersion: v1\nkind: Secret\nitems: [{kind: Pod, spec: {c: [{image: "
            "'evil.example.com/evil:1'}]}}]\n",
     nullptr},
    {"A list calls itself a CustomResourceDefinition",
     kPod + "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nitems: [{kind: Pod, "
            "spec: "
            "{image: 'evil.example.com/evil:1'}}]\n",
     nullptr},
    {"The data of a ConfigMap hold more than texts",
     kPod + "---\napiVersion: v1\nkind: ConfigMap\ndata: {pod: {image: 'evil.example.com/evil:1'}}\n",
     nullptr},
    {"What has data is no ConfigMap of the core",
     kPod + "---\napiVersion: example.com/v1\nkind: ConfigMap\ndata: {image: 'evil.example.com/evil:1'}\n",
     nullptr},
    {"The data of a ConfigMap run elsewhere by an alias",
     "kind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, data: &x {image: 'evil.example.com/evil:1'}}\n"
     "- {kind: Pod, spec: {containers: [*x]}}\n",
     nullptr},
    {"A whole list of data runs elsewhere by an alias",
     "apiVersion: v1\nkind: List\nx: &x\n- {apiVersion: v1, kind: Secret, stringData: {image: "
     "'evil.example.com/evil:1'}}\nitems: *x\n",
     nullptr},
    {"The kind of a ConfigMap is merged away",
     "{apiVersion: v1, kind: ConfigMap, <<: {kind: Pod}, data: {image: 'evil.example.com/evil:1'}}",
     "line 1"},
    {"The status runs elsewhere by an alias",
     "apiVersion: v1\nkind: Pod\nstatus: {containers: [&x {image: 'evil.example.com/evil:1'}]}\nspec: "
     "{containers: [*x]}\n",
     nullptr},
    {"A status stands in what is no object",
     kPod + "---\nspec: {status: {image: 'evil.example.com/evil:1'}}\n", nullptr},
    {"A status stands deeper than the object's own",
     "apiVersion: v1\nkind: Pod\nspec:\n  status: {containers: [{image: 'evil.example.com/evil:1'}]}\n",
     nullptr},
    {"A status stands in what has no kind",
     kPod + "---\napiVersion: v1\nkind:\nstatus: {image: 'evil.example.com/evil:1'}\n", nullptr},
    {"A name is spelled as Go's JSON reader takes it, but no other",
     kPod + "---\nkind: Whatever\nspec: {iMAGE: 'evil.example.com/evil:1'}\n", nullptr},
    {"A volume is spelled so", kPod + "---\nkind: X\nspec: {Image: {Reference: 'evil.example.com/evil:1'}}\n",
     nullptr},
    {"A comment makes a mark between documents only for kubectl",
     kPod + "---\n" + kEvilPod + "---#: settings\napiVersion: v1\nkind: ConfigMap\n",
     "line 10: begins as the line"},
    {"A space of another alphabet makes a mark only for kubectl", kEvilPod + "---\u00A0\n" + kPod,
     "line 5: begins as the line"},
    {"A value follows a mark, which is none for kubectl", kPod + "--- {kind: Secret}\n" + kEvilPod,
     "line 5: begins as the line"},
    {"A key begins like a mark", kPod + "---x: 1\n", "line 5: begins as the line"},
    {"What follows the end of a document is not there for kubectl", "...\n" + kPod + "...\n" + kEvilPod,
     "line 2: stands between"},
    {"A key is base64", kPod + "!!binary aW1hZ2U=: 'evil.example.com/evil:1'\n", "line 5: has a tag"},
    {"A key is base64, with an escape in its tag", kPod + "!!bin%61ry aW1hZ2U=: 'evil.example.com/evil:1'\n",
     "line 5: has a tag"},
    {"A key is base64, with a tag written in full",
     kPod + "!<tag:yaml.org,2002:binary> aW1hZ2U=: 'evil.example.com/evil:1'\n", "line 5: has a tag"},
    {"A tag has an escape that spells !!str", kPod + "!!st%72 image: 'evil.example.com/evil:1'\n",
     "line 5: has a % beside a tag"},
    {"A set, an ordered map or another kind of collection",
     kPod + "x: !!omap [image: 'evil.example.com/evil:1']\n", "line 5: has a tag"},
    {"A tag means another one by a directive",
     "%TAG !y! tag:yaml.org,2002:\n---\n!y!binary aW1hZ2U=: 'evil.example.com/evil:1'\n",
     "line 1: has a directive"},
    {"The version of YAML decides how it is read", "%YAML 1.1\n---\n" + kPod, "line 1: has a directive"},
    {"A key stands there twice", kPod + "kind: ConfigMap\ndata: {image: 'evil.example.com/evil:1'}\n",
     "line 5: holds a key twice"},
    {"A key stands there twice in JSON, once with an escape",
     R"({"kind":"ConfigMap","k\u0069nd":"Pod","image":"a"})", "line 1: holds a key twice"},
    {"A key is an alias", "x: &x image\ny: 1\n*x : 'evil.example.com/evil:1'\n",
     "line 3: has a key that stands"},
    {"A key is a map", kPod + "? {image: 'evil.example.com/evil:1'}\n: x\n",
     "line 5: has a key that is no text"},
    {"A key is written with escapes", kPod + "\"\\x69m\\u0061g\\U00000065\": 'evil.example.com/evil:1'\n",
     nullptr},
    {"JSON begins after a space of another alphabet", "\u3000{\"image\": \"evil.example.com/evil:1\"}\n",
     "line 1: begins with a character"},
    {"JSON ends and YAML goes on", "{\"image\": \"registry.example.com/good:1\"}\n---\n" + kEvilPod,
     "line 2: goes on after JSON"},
    {"JSON ends and goes on as what only YAML is",
     "{\"image\": \"registry.example.com/good:1\"}\n{image: evil.example.com/evil:1}\n",
     "line 2: goes on after JSON"},
    {"A chart puts the image together",
     kPod +
         "---\nkind: HelmRelease\nspec: {values: {image: {registry: evil.example.com, repository: evil, tag: "
         "'1'}}}\n",
     nullptr},
    {"A chart puts the image together from what is merged",
     kPod + "---\nkind: HelmRelease\nx: &x {repository: evil.example.com/evil}\nvalues: {image: {<<: *x, "
            "tag: 1}}\n",
     "line 8: puts an image together"},
    {"A tag is a number in JSON",
     R"({"kind":"HelmRelease","values":{"image":{"repository":"evil.example.com/evil","tag":1}}})", nullptr},
    {"A tag is a number that readers write differently",
     kPod + "---\nvalues: {image: {repository: evil.example.com/evil, tag: 1.10}}\n",
     "line 6: is a number that readers write differently"},
    {"The name of an image is a number", kPod + "---\nkind: X\nimage: 0x10\n", "line 7: is a number"},
    {"A mark of the byte order stands before a mark in the middle", kPod + "\xEF\xBB\xBF---\n" + kEvilPod,
     "line 5: holds a control character"},
};

const std::vector<Attack> kCompose = {
    {"A kind with a tag that takes it away again",
     "kind: !reset Deployment\n" + kServices + "  evil: {build: .}\n", "line 1: has a tag"},
    {"A kind", "kind: Deployment\n" + kServices + "  evil: {build: .}\n", "line 4: builds what it runs"},
    {"A kind, and a file that is taken in", "kind: Deployment\ninclude: [evil.yaml]\n" + kServices,
     "line 2: takes in other files"},
    {"A kind in one document, and services in the next",
     "kind: Deployment\ninclude: [evil.yaml]\n---\n" + kServices, "line 2: takes in other files"},
    {"A kind, and a status",
     "apiVersion: v1\nkind: Pod\nstatus: {x: {image: 'evil.example.com/evil:1'}}\n" + kServices, nullptr},
    {"An image that is taken away again beside a build",
     kServices + "  evil: {image: !reset 'registry.example.com/good:1', build: .}\n", "line 3: has a tag"},
    {"An image that is nothing beside a build", kServices + "  evil: {image: ~, build: .}\n",
     "line 3: builds what it runs"},
    {"An image that only other readers see beside a build",
     kServices + "  evil: {Image: 'registry.example.com/good:1', build: .}\n", "line 3: builds what it runs"},
    {"A list that replaces another one", kServices + "  x: {image: a, volumes: !override []}\n",
     "line 3: has a tag"},
    {"A model", kServices + "models: {llm: {model: 'evil.example.com/evil:1'}}\n", nullptr},
    {"A model that stands elsewhere", "x-m: &m {model: x}\n" + kServices + "models:\n  llm: *m\n",
     "line 5: puts services together"},
    {"A model without a name", kServices + "models:\n  llm: {context_size: 1}\n",
     "line 4: puts services together"},
    {"A provider", kServices + "  evil:\n    provider: {type: model, options: {model: ai/evil}}\n",
     "line 4: is run by a provider"},
    {"A provider that is merged",
     "x-p: &p {provider: {type: evil}}\n" + kServices + "  evil: {<<: *p, image: a}\n",
     "line 4: is run by a provider"},
    {"A volume that becomes one of an image by a variable",
     kServices + "  x: {image: a, volumes: [{type: \"${T:-image}\", source: evil}]}\n",
     "line 3: holds a variable"},
    {"A volume that another one makes an image",
     "x-v: &v {type: image, source: a}\n" + kServices +
         "  x: {image: a, volumes: [{<<: *v, source: evil}]}\n",
     "line 4: puts services together"},
    {"An empty image hides the one that is merged beside it",
     "x: [&e {image: ''}, &g {image: 'registry.example.com/good:1'}]\n" + kServices +
         "  evil: {build: ., <<: [*e, *g]}\n",
     "line 4: builds what it runs"},
    {"An image is merged away in readers that let the later one count",
     "x: &e {image: ''}\n" + kServices + "  evil: {build: ., image: 'registry.example.com/good:1', <<: *e}\n",
     "line 4: builds what it runs"},
    {"A model is merged away in readers that let the later one count",
     "x: &m {model: evil.example.com/evil}\n" + kServices + "models:\n  llm: {model: good, <<: *m}\n",
     "line 5: puts services together"},
    {"A volume is merged away in readers that let the later one count",
     "x: &v {type: image, source: a}\n" + kServices +
         "  x: {image: a, volumes: [{type: bind, source: evil, <<: *v}]}\n",
     "line 4: puts services together"},
    {"A service is a part of itself", "services: &a\n  good: {image: a}\n  build: *a\n",
     "line 3: repeats what it is"},
    {"An anchor of another document counts in readers that remember it",
     "x: [&a {build: .}]\n---\n" + kServices + "  evil: *a\n",
     "line 5: repeats what does not stand before it"},
    {"A build is merged by a list that stands elsewhere",
     "x: &l [{build: .}]\n" + kServices + "  evil: {<<: *l}\n", "line 4: merges a list"},
    {"A build takes over the anchor of an image",
     "services:\n  good: &a {image: a, x-more: &a {build: .}}\n  evil: *a\n", "line 2: names two things"},
    {"Services without services, as they were written once",
     "good: {image: 'registry.example.com/good:1'}\nevil: {build: .}\n", "line 2: builds what it runs"},
    {"Services without services, by an alias", "x: {a: &x {build: .}, image: b}\nevil: *x\n",
     "line 2: builds what it runs"},
};

bool finds_evil(const std::string& text) {
  const auto images = agent::images_in(text, "file").images;
  return std::any_of(images.begin(), images.end(), [](const auto& image) { return image.text == kEvil; });
}

void hold_off(const std::vector<Attack>& attacks) {
  for (const Attack& attack : attacks) {
    CAPTURE(attack.name);
    CAPTURE(attack.text);
    if (attack.refused == nullptr)
      CHECK(finds_evil(attack.text));
    else
      CHECK_ERROR(agent::images_in(attack.text, "file"), tuf::ErrorCode::kFileUnreadable, attack.refused);
  }
}

}  // namespace

TEST_CASE("A manifest hides no image from its check") {
  hold_off(kKubernetes);
}

TEST_CASE("A compose file hides nothing that it runs from its check") {
  hold_off(kCompose);
}
