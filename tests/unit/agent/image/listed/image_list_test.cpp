#include "agent/image/listed/image_list.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

namespace {

using Names = std::vector<std::string>;

Names names(const std::string& text) {
  Names names;
  for (const agent::ListedImage& image : agent::images_in(text, "file").images) names.push_back(image.text);
  return names;
}

}  // namespace

TEST_CASE("A Kubernetes manifest names the images of all its containers") {
  const std::string text = R"(# two documents
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, annotations: {image-note: none}}
spec:
  template:
    spec:
      initContainers:
      - name: wait
        image: "registry.example.com/wait:1"
      containers:
        - {name: app, image: registry.example.com/app:1.0@sha256:00}
        - name: sidecar
          image: >-
            registry.example.com/sidecar:2
      ephemeralContainers: [{image: 'registry.example.com/debug'}]
      volumes:
        - name: data
          image: {reference: "registry.example.com/data:3", pullPolicy: Always}
---
apiVersion: example.com/v1
kind: Whatever
spec:
  deep: {deeper: [{image: registry.example.com/custom:4}, {image: registry.example.com/app:1.0@sha256:00}]}
  proxy: {image: }
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, spec: {containers: [{image: registry.example.com/listed:5}]}}
- {apiVersion: v1, data: {image: not-run}, kind: ConfigMap}
- {apiVersion: v1, kind: ConfigMap, metadata: {labels: {image: registry.example.com/label:6}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: {properties: {image: {type: string}, other: {image: {type: object, description: which}}}}
)";
  CHECK(names(text) == Names{"registry.example.com/wait:1", "registry.example.com/app:1.0@sha256:00",
                             "registry.example.com/sidecar:2", "registry.example.com/debug",
                             "registry.example.com/data:3", "registry.example.com/custom:4",
                             "registry.example.com/listed:5", "registry.example.com/label:6"});
  CHECK(agent::images_in(text, "file").images.at(1).line == 12);
}

TEST_CASE("JSON is read by a reader of JSON") {
  CHECK(names(R"({"kind":"Pod","spec":{"containers":[{"image":"registry.example.com\/app:1"}]}})") ==
        Names{"registry.example.com/app:1"});
  CHECK(names(" \r\n\t{\"note\":\"ship it \\ud83d\\ude80\",\n\"image\":\"a:1\"}\n") == Names{"a:1"});
  CHECK(agent::images_in("\n{\"n\":[1,-2,3.5,true,null],\n\"image\":\n\"a:1\"}", "file").images.at(0).line ==
        4);
  for (const char* broken :
       {"{\"image\":!", "{\"image\":\"\\ud83d\"}", "{\"image\":\"\xff\"}", "{{ .Values.all }}",
        "{\"image\":\"a\"} // x", "{\"image\":\"a\"} {'image':'b'}", "{\"image\":\"a\"} []"}) {
    CAPTURE(broken);
    CHECK_ERROR(agent::images_in(broken, "file"), tuf::ErrorCode::kFileUnreadable, "file line 1: ");
  }
}

TEST_CASE("YAML may begin as JSON does") {
  CHECK(names("{kind: Pod, image: a:1}\n---\n{image: b:1}") == Names{"a:1", "b:1"});
  CHECK(names("{\"image\": \"a:1\", b: {image: b:1}}") == Names{"a:1", "b:1"});
}

TEST_CASE("What an object says of its status is no request to run, and text in a ConfigMap runs nothing") {
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nspec: {image: a:1}\nstatus: {list: [{image: b:1}, {image: {tag: 1}}]}\n";
  CHECK(names(pod) == Names{"a:1"});
  CHECK(agent::images_in(pod, "file").unjudged.empty());
  CHECK(names("apiVersion: v1\nkind: List\nitems:\n- {status: {image: b}, kind: Pod, apiVersion: v1, image: "
              "a}") == Names{"a"});

  for (const char* map : {"kind: ConfigMap\ndata", "kind: Secret\nstringData", "kind: Secret\ndata"}) {
    CAPTURE(map);
    const auto list =
        agent::images_in(pod + "---\napiVersion: v1\n" + map + ":\n  image: logo.png\n  other: x\n", "file");
    REQUIRE(list.images.size() == 1);
    REQUIRE(list.unjudged.size() == 1);
    CHECK(list.unjudged.at(0).line == 9);
    CHECK(list.unjudged.at(0).text.find("runs nothing") != std::string::npos);
    CHECK(list.unjudged.at(0).text.find("logo") == std::string::npos);  // which may be a secret
  }
}

TEST_CASE("The image that a chart puts together is judged, and what is only a part of one is told") {
  const auto image = [](const std::string& map) {
    return agent::images_in("image: a:1\nvalues: {image: " + map + "}", "file");
  };
  struct Row {
    const char* map;
    const char* name;
  };
  for (const Row& row :
       {Row{"{repository: b, tag: v1}", "b:v1"},
        Row{"{tag: 1.27, repository: r.example.com/b}", "r.example.com/b:1.27"},
        Row{"{registry: r.example.com, repository: b, tag: 7, pullPolicy: Always}", "r.example.com/b:7"},
        Row{"{repository: b, digest: 'sha256:00', tag: ''}", "b@sha256:00"},
        Row{"{repository: b, tag: '1.10', digest: 'sha256:00'}", "b:1.10@sha256:00"}}) {
    CAPTURE(row.map);
    CHECK(image(row.map).images.at(1).text == row.name);
    CHECK(image(row.map).unjudged.empty());
  }
  for (const char* part :
       {"{repository: b}", "{tag: v1}", "{registry: b, tag: v1}", "{repository: b, tag: }"}) {
    CAPTURE(part);
    CHECK(image(part).images.size() == 1);
    REQUIRE(image(part).unjudged.size() == 1);
    CHECK(image(part).unjudged.at(0).line == 2);
  }
  for (const char* number :
       {"1.10", "007", "1e5", "20261129", "0x1f", "1_0", "12:30:45", "true", "1.0", ".5"}) {
    CAPTURE(number);
    CHECK_ERROR(image(std::string("{repository: b, tag: ") + number + "}"), tuf::ErrorCode::kFileUnreadable,
                "is a number");
  }
  CHECK(image("{type: string, pullPolicy: Always}").unjudged.empty());

  const auto json = [](const std::string& tag) {
    return R"({"image":{"repository":"b","tag":)" + tag + "}}";
  };
  CHECK(names(json("7")) == Names{"b:7"});
  CHECK(names(json("1.27")) == Names{"b:1.27"});
  for (const char* number : {"1.10", "-1", "-0", "1e5", "20261129", "true"}) {
    CAPTURE(number);
    CHECK_ERROR(agent::images_in(json(number), "file"), tuf::ErrorCode::kFileUnreadable, "is a number");
  }
}

TEST_CASE("A variable or a template is to be rendered first") {
  for (const char* text : {"services: {a: {image: \"${REGISTRY:-registry.example.com}/app:${TAG:-1.0}\"}}",
                           "services: {a: {image: registry.example.com/app:$TAG}}",
                           "registry.example.com/${APP}:1", "image: \"{{ .Values.image }}\""}) {
    CAPTURE(text);
    CHECK_ERROR(agent::images_in(text, "file"), tuf::ErrorCode::kFileUnreadable,
                "line 1: holds a variable or a template");
  }
  CHECK_ERROR(agent::images_in("a: 1\nimage: {{ .Values.image }}", "file"), tuf::ErrorCode::kFileUnreadable,
              "line 2: has a key that is no text; a template is rendered first");
  CHECK(names("apiVersion: v1\nkind: Pod\nimage: a\nstatus: {image: $X}") == Names{"a"});

  const auto hint = [](const std::string& text) {
    const auto error = test::error_of([&] { agent::images_in(text, "my file.yaml"); });
    return error ? error->hint() : "read";
  };
  CHECK_THAT(
      hint("services: {a: {image: \"app:${TAG:-1.0}\"}}"),
      Catch::Contains("with: docker compose -f 'my file.yaml' config > 'my file.yaml.rendered'; then name"));
  CHECK_THAT(hint("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: \"app:$TAG\"}]}"),
             Catch::Contains("with: envsubst '${TAG}' < 'my file.yaml' > "));
  for (const char* text : {"image: {{ .Values.image }}", "image: \"{{ .Values.image }}:1\"",
                           "{{- if .Values.x }}\na: b", "registry.example.com/{{name}}:1"}) {
    CAPTURE(text);
    CHECK_THAT(hint(text), Catch::Contains("helm template CHART"));
  }
}

TEST_CASE("A compose file names the images of its services, also through anchors") {
  const std::string text = R"(
x-image: &image registry.example.com/app:1
x-base: &base
  image: registry.example.com/base:1
services:
  web: {image: *image}
  worker:
    <<: *base
    command: run
  built: {build: ., image: registry.example.com/built:1}
  data:
    image: registry.example.com/app:1
    volumes:
      - {type: image, source: registry.example.com/data:1, target: /data}
      - {type: volume, source: data, target: /var}
)";
  CHECK(names(text) == Names{"registry.example.com/base:1", "registry.example.com/app:1",
                             "registry.example.com/built:1", "registry.example.com/data:1"});
}

TEST_CASE("A plain list has one image a line, and comments on lines of their own and behind images") {
  CHECK(names("# what runs\nregistry.example.com/app:1.0\r\n\n  alpine:3  \nalpine:3\nregistry:5000/x") ==
        Names{"registry.example.com/app:1.0", "alpine:3", "registry:5000/x"});
  CHECK(names("a:1 # the first\r\n \t# b:1\nc:1\t#\n") == Names{"a:1", "c:1"});
  CHECK_ERROR(names("a:1#b"), tuf::ErrorCode::kFileUnreadable, "is not the name of an image");
}

TEST_CASE("A resource that runs nothing hides nothing that does") {
  CHECK(names("kind: Deployment\nspec: {kind: Secret, containers: [{image: a:1}]}") == Names{"a:1"});
  CHECK(names("spec: {items: [{kind: Secret, image: a:1}]}") == Names{"a:1"});
}

TEST_CASE(
    "What runs nothing counts all the same where an alias may take it elsewhere, or where it is another's") {
  const std::string pod = "\n- {kind: Pod, spec: {containers: [*x, {image: b:1}]}}\n";
  for (const std::string map : {"- {apiVersion: v1, kind: ConfigMap, data: &x {image: a:1}}",
                                "- &x {apiVersion: v1, kind: Secret, image: a:1}",
                                "- {apiVersion: v1, kind: ConfigMap, data: {list: &x [{image: a:1}]}}"}) {
    CAPTURE(map);
    CHECK(names("kind: List\nitems:\n" + map + pod) == Names{"a:1", "b:1"});
  }
  CHECK(names("apiVersion: example.com/v1\nkind: Secret\nimage: a:1") == Names{"a:1"});
  CHECK(names("apiVersion: v1\nkind: Secret\nspec: {<<: {kind: Pod, spec: {containers: [{image: a:1}]}}}") ==
        Names{"a:1"});
  CHECK(names("apiVersion: v1\nkind: Secret\nimage: a:1\n---\nimage: b:1") == Names{"a:1", "b:1"});
}

TEST_CASE("What other readers of YAML would see and this one not is refused") {
  const std::string good = "image: a:1\n";
  for (const std::string& hidden :
       {std::string("b: 1 # x\rimage: evil"), std::string("b: 1 # x\vimage: evil"),
        std::string("b: 1 # x\fimage: evil"), std::string("b: 1 # x\x1eimage: evil"),
        std::string("b: 1 # x\xC2\x85image: evil"), std::string("b: 1 # x\xE2\x80\xA8image: evil"),
        std::string("b: 1 # x\xE2\x80\xA9image: evil"), std::string("\xEF\xBB\xBFimage: evil"),
        std::string("b: \0", 4)}) {
    CAPTURE(hidden);
    CHECK_ERROR(agent::images_in(good + hidden, "file"), tuf::ErrorCode::kFileUnreadable,
                "file line 2: holds a control character");
  }
  for (const char* map : {"*x", "{<<: *x}", "{<<: [*x]}", "*y"}) {
    CAPTURE(map);
    CHECK_ERROR(
        agent::images_in(good + "data: &x {reference: evil}\nlist: &y []\nvolume:\n  image: " + map, "file"),
        tuf::ErrorCode::kFileUnreadable, "file line 5: puts an image together");
  }
  CHECK_ERROR(agent::images_in(good + "---\n|\n kind: Pod\n image: evil\n", "file"),
              tuf::ErrorCode::kFileUnreadable, "is text, where a manifest should be");
  CHECK(names("\xEF\xBB\xBFimage: a:1\r\nb: {image: b:1}\r\n") == Names{"a:1", "b:1"});
}

TEST_CASE("A compose file that takes in others does not say which images run") {
  const std::string web = "services:\n  web:\n    image: a:1\n";
  for (const char* more :
       {"include: [other.yml]", "    extends: {file: other.yml, service: web}",
        "    extends: *other\nx: {file: other.yml}", "    extends: {<<: *base}", "<<: *base"}) {
    CAPTURE(more);
    CHECK_ERROR(
        agent::images_in("x-base: &base {include: [other.yml]}\nx-other: &other {}\n" + web + more, "file"),
        tuf::ErrorCode::kFileUnreadable, "file line 6: takes in other files");
  }
  CHECK(names(web + "    extends: base") == Names{"a:1"});
  CHECK(names(web + "    extends: {service: base}\n    labels: {include: x, file: y}") == Names{"a:1"});
  CHECK(names("kind: Whatever\ninclude: [x]\nimage: a:1") == Names{"a:1"});
}

TEST_CASE("A compose file does not hide what it runs: by building it, or by putting it together") {
  struct Row {
    const char* more;
    const char* says;
  };
  for (const Row& row :
       {Row{"services: {web: {build: .}}", "line 3: builds what it runs"},
        Row{"services: {web: *built}", "line 3: builds what it runs"},
        Row{"services: {web: {<<: *built}}", "line 3: builds what it runs"},
        Row{"services: {web: {build: ., image: }}", "line 3: builds what it runs"},
        Row{"services: {web: {image: , <<: [*built, *image]}}", "line 3: builds what it runs"},
        Row{"z: &z {<<: *built}\nservices: {web: {<<: [*z]}}", "line 4: builds what it runs"},
        Row{"services: {web: {<<: {build: .}}}", "line 3: builds what it runs"},
        Row{"services: {web: {<<: [{build: .}]}}", "line 3: builds what it runs"}}) {
    CAPTURE(row.more);
    CHECK_ERROR(
        agent::images_in(std::string("image: a:1\nx: [&built {build: .}, &image {image: a:1}]\n") + row.more,
                         "file"),
        tuf::ErrorCode::kFileUnreadable, row.says);
  }
  for (const char* more : {"services: *all", "services: {<<: *all}", "volumes: [{type: image, <<: *mount}]",
                           "x-image: &image {type: image}\nvolumes: [{<<: *image, source: b:1}]",
                           "v: [{type: image, source: *all}]"}) {
    CAPTURE(more);
    CHECK_ERROR(
        agent::images_in(
            std::string("image: a:1\nx: &all {web: {build: .}}\ny: &mount {source: b:1}\n") + more, "file"),
        tuf::ErrorCode::kFileUnreadable, "puts services together");
  }
  CHECK(names("x: [&built {build: .}, &image {image: a:1}]\nservices: {web: {<<: *built, image: b:1}, "
              "db: {<<: *image, build: .}, cache: {<<: [*built, *image]}, queue: {labels: *built, image: "
              "c:1}}") == Names{"a:1", "b:1", "c:1"});
  // In Kubernetes these words mean nothing.
  CHECK(
      names(
          "kind: Whatever\nimage: a:1\nspec: {services: {web: {build: .}}, v: {type: image, source: b:1}}") ==
      Names{"a:1"});
  // ...and names are what they are.
  CHECK(names("services: {a: {image: a:1, environment: {IMAGE: x, Image: y}}}") == Names{"a:1"});
  CHECK(names("image: a:1\nlabels: {build: 42}") == Names{"a:1"});
}

TEST_CASE("One JSON value after another is read to the end") {
  CHECK(names(R"({"image":"a:1"}{"image":"b:1"})"
              "\n"
              R"({"im\u0061ge" : "c:1"})") == Names{"a:1", "b:1", "c:1"});
}

TEST_CASE("A file without images, or that is no YAML, or that is hostile, is refused") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  std::string deep_block;
  for (int i = 0; i < 2'000; ++i) deep_block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += "*" + before + ",";
    bomb += "]\n";
  }
  const std::string long_name = "x: &x " + std::string(1'025, 'a') + "\n";
  std::string many;
  for (int i = 0; i < 10'001; ++i) many += "a:" + std::to_string(i) + "\n";
  struct Row {
    std::string text;
    const char* says;
  };
  for (const Row& row :
       {Row{"", "names no image"}, Row{"# nothing\n", "names no image"}, Row{"kind: Pod\n", "names no image"},
        Row{"apiVersion: v1\nkind: Secret\ndata: {image: a}\n", "names no image"},
        Row{"a: [1, 2\nb: 3", "line 2: is not YAML"},
        Row{"image: *nowhere", "line 1: repeats what does not stand before it"},
        Row{"a: \"\\q\"", "is not YAML"}, Row{deep, "line 1"}, Row{deep_block, "nested too deeply"},
        Row{bomb, "names no image"}, Row{long_name + "image: *x", "line 2: is too long"},
        Row{long_name + "v: {type: image, source: *x}", "line 2: is too long"},
        Row{many, "names too many images"}, Row{"\x01\x02 {", "file line"},
        Row{",# allapiV\nalpine N3\nre,*00\n", "line 1: is not YAML"}}) {
    CAPTURE(row.text.substr(0, 40));
    CHECK_ERROR(agent::images_in(row.text, "file"), tuf::ErrorCode::kFileUnreadable, row.says);
  }
}

TEST_CASE("A text that is no list of images is not quoted: it may be what a link leads to") {
  try {
    names("registry.example.com/app:1.0\nNPM_TOKEN=s3cr3t\n");
    FAIL("taken for a list");
  } catch (const tuf::Error& error) {
    const std::string message = error.what();
    CHECK(message == "file line 2: is not the name of an image");
  }
}

TEST_CASE("The names of one file are bounded all together") {
  const auto list = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
      text += "registry.example.com/" + std::string(200, 'x') + std::to_string(i) + ":1.0\n";
    return text;
  };
  CHECK(names(list(4'000)).size() == 4'000);
  CHECK_ERROR(names(list(5'000)), tuf::ErrorCode::kFileUnreadable, "names more than is read");
}

TEST_CASE("A list is rendered into a file that is not there yet, with no variable but those that it has") {
  const test::TempDir dir;
  const std::string path = dir / "list";
  std::filesystem::create_symlink("/nowhere", path + ".rendered");
  const auto hint = [&](const std::string& text) {
    const auto error = test::error_of([&] { agent::images_in(text, path); });
    return error ? error->hint() : "read";
  };
  CHECK(hint("r.example/$APP:${TAG}-x\n") == "render it first with: envsubst '${APP} ${TAG}' < " + path +
                                                 " > " + path + ".2.rendered; then name " + path +
                                                 ".2.rendered");
  CHECK_THAT(hint("services: {a: {image: \"app:$TAG\"}}"),
             Catch::Contains("config > " + path + ".2.rendered;"));
  CHECK_THAT(hint("r.example/a:$\n"), !Catch::Contains("envsubst"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  std::filesystem::create_symlink("/nowhere", "rendered.yaml");
  CHECK_THAT(hint("r.example/{{name}}:1"), Catch::Contains("> rendered.2.yaml; then name rendered.2.yaml"));
  std::filesystem::current_path(before);
}
