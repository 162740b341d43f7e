"""Manifests and compose files: honest ones in any spelling, and what becomes of them when somebody wants to hide an
image. Every image is named `rN.example.com/iK:1`, with the number of the file, so that none is another file's."""
import json
import random


class Raw(str):
    """YAML that is written as it stands."""


KINDS = ("Pod", "Deployment", "CronJob", "List", "ConfigMap", "Secret", "CustomResourceDefinition", "HelmRelease", "Whatever")
KEYS = ("image", "kind", "apiVersion", "items", "status", "data", "stringData", "spec", "containers", "services", "build",
        "reference", "type", "source", "volumes", "extends", "include", "models", "model", "provider", "repository", "tag",
        "registry", "digest", "metadata", "<<", "x-base")
SEPARATORS = ("---", "--- ", "---\r", "--- # next", "---#", "---#: x", "---\t", "--- {}", "--- |", "--- !x", "---x", " ---",
              "...", "...\n---", "... # x", "...x", "---\n---", "%YAML 1.1\n---", "---\u00a0", "\ufeff---", "---\x0b", "- --",
              "--- &a", "----", "--- # \u2028", "---\n...\n---")
TAGS = ("!!str", "!!binary", "!!bin%61ry", "!!st%72", "!<tag:yaml.org,2002:str>", "!<tag:yaml.org,2002:binary>", "!", "!x", "!reset",
        "!override", "!!map", "!!omap", "!!set", "!!null", "!!merge", "!!int", "!!seq", "!!python/none")
TOKENS = ("\t", " ", "  ", "\n", "\r", "\r\n", "\n\n", "#", " # ", ": ", ":", "? ", "- ", ",", "[", "]", "{", "}", "|", "|-\n", ">\n",
          ">+1\n", "&a ", "*a", "*a ", "&b ", "*b", "<<: *a\n", "<<: [*a, *b]\n", "<<", "'", '"', "''", '\\"', "\\\n", "\\x69", "\\u0061",
          "%", "@", "`", "!", "~", "null", "\0", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u00a0", "\x0b", "\x0c", "\u200b", "\u212a",
          "\u017f", "\U0001f680", "\\ud83d\\ude80", "---", "...", "%YAML 1.2\n", "%TAG ! x\n", "${X}", "$$", "{{ x }}", "=", "0x1f", "1.10", "yes",
          "kind: ConfigMap\n", "image: ", "\"image\": ", "items:\n", "status:\n", "services:\n", "build: .\n")


class Author:
    def __init__(self, seed, number: int):
        self.rng = random.Random(f"{seed}/{number}")
        self.number = number
        self._images = 0

    def image(self) -> str:
        self._images += 1
        return f"r{self.number}.example.com/i{self._images}:1"

    # What the file says

    def pod_spec(self) -> dict:
        rng = self.rng
        spec = {"containers": [{"name": f"c{i}", "image": self.image()} for i in range(rng.randint(1, 2))]}
        if rng.random() < .2:
            spec["initContainers"] = [{"image": self.image(), "args": ["--x", "a: b # c"]}]
        if rng.random() < .1:
            spec["volumes"] = [{"name": "v", "image": {"reference": self.image(), "pullPolicy": "Always"}}]
        return spec

    def object(self, kind=None, depth=0) -> dict:
        rng = self.rng
        kind = kind or rng.choice(KINDS)
        metadata = {"name": f"n{rng.randrange(99)}"}
        if rng.random() < .2:
            metadata["annotations"] = {"note": rng.choice(["ship it \U0001f680", "100% # sure", "a: b", "", "it's \"so\"", "two\nlines\n"])}
        thing = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
        if kind == "Pod":
            thing["spec"] = self.pod_spec()
        elif kind == "Deployment":
            thing |= {"apiVersion": "apps/v1", "spec": {"replicas": 2, "template": {"spec": self.pod_spec()}}}
        elif kind == "CronJob":
            thing |= {"apiVersion": "batch/v1", "spec": {"jobTemplate": {"spec": {"template": {"spec": self.pod_spec()}}}}}
        elif kind == "List":
            thing = {"apiVersion": "v1", "kind": "List", "items": [self.object(None if depth < 1 else "Pod", depth + 1) for _ in range(rng.randint(1, 2))]}
        elif kind in ("ConfigMap", "Secret"):
            thing["data"] = {"key": "value", "image" if rng.random() < .3 else "logo": "logo.png"}
        elif kind == "CustomResourceDefinition":
            thing |= {"apiVersion": "apiextensions.k8s.io/v1", "spec": {"properties": {"image": {"type": "string"}}}}
        elif kind == "HelmRelease":
            thing |= {"apiVersion": "helm.example.com/v2", "spec": {"values": {"image": {"registry": f"r{self.number}.example.com", "repository": "chart", "tag": "v1"}}}}
        else:
            thing |= {"apiVersion": "example.com/v1", "spec": {"deep": [{"image": self.image()}], "x": 1.5, "none": None, "yes": True}}
        if rng.random() < .1:
            thing["status"] = {"containerStatuses": [{"image": self.image()}]}
        return thing

    def compose(self) -> dict:
        rng = self.rng
        services = {}
        for i in range(rng.randint(1, 3)):
            service = {"image": self.image()}
            if rng.random() < .2:
                service["environment"] = {"A": "b", "IMAGE": "x"}
            if rng.random() < .15:
                service["build"] = "."
            if rng.random() < .15:
                service["volumes"] = [{"type": "image", "source": self.image(), "target": "/v"}]
            services[f"s{i}"] = service
        file = {"services": services}
        if rng.random() < .1:
            file["models"] = {"llm": {"model": f"r{self.number}.example.com/model"}}
        if rng.random() < .2:
            file["x-base"] = {"image": self.image()}
        return file

    # How it hides something

    def twist(self, top: dict):
        """One change to what the file says."""
        rng = self.rng
        maps, lists = [], []

        def walk(node):
            if isinstance(node, dict):
                maps.append(node)
                for member in node.values():
                    walk(member)
            elif isinstance(node, list):
                lists.append(node)
                for member in node:
                    walk(member)

        walk(top)
        services = [s for s in top["services"].values() if isinstance(s, dict)] if isinstance(top.get("services"), dict) else []
        target = rng.choice(services if services and rng.random() < .3 else maps + [top])
        keys = [key for key in target if isinstance(key, str)]
        key = rng.choice(keys) if keys else "x"
        hidden = rng.choice([{"image": self.image()}, self.object("Pod"), [self.object("Pod")], self.image(), {"build": "."},
                             {"image": {"reference": self.image()}}, {"type": "image", "source": self.image(), "target": "/x"},
                             {"repository": f"r{self.number}.example.com/hidden", "tag": rng.choice(["v2", "1.27", 7])},
                             {"provider": {"type": "model"}}, {"model": f"r{self.number}.example.com/hidden-model"},
                             {"extends": {"file": "other.yaml", "service": "x"}}, {"kind": rng.choice(KINDS)}, {"image": ""}, {"image": None, "build": "."}, None, ""])
        other = rng.choice([{"image": self.image()}, {"build": "."}, {"image": ""}, {"type": "image"}, {"source": self.image()}])
        choice = rng.randrange(12)
        if choice == 0:
            target[rng.choice(KEYS)] = hidden
        elif choice == 1 and keys:  # another spelling of the key
            spelled = rng.choice([key.upper(), key.title(), key.swapcase(), key.replace("k", "\u212a").replace("s", "\u017f"), key + " "])
            target[spelled] = target[key] if rng.random() < .5 else hidden
        elif choice == 2:
            top[rng.choice(["kind", "apiVersion"])] = rng.choice(KINDS + ("v1", "", None, {}))
        elif choice == 3 and keys:  # here by name, there in full
            target[key] = Raw("*a")
            anchored = rng.choice(maps + [top])
            anchored[Raw("&a x-anchored") if rng.random() < .2 else "x-anchored"] = Anchored("a", hidden)
        elif choice == 4:
            value = rng.choice([Raw("*a"), Raw("*a"), hidden, [hidden], Raw("[*a]"), Raw("[*a, *b]"), Raw("[*b, *a]")])
            target[rng.choice(["<<", Raw("<<"), Raw("'<<'"), Raw("!!merge <<")])] = value
            top["x-" + rng.choice("abz")] = [Anchored("a", rng.choice([hidden, hidden, [hidden]])), Anchored(rng.choice("bbba"), other)]
            top["services" if services else "spec"] = top.pop("services" if services else "spec", None)  # behind them
        elif choice == 5 and keys:
            target[Twice(key)] = rng.choice([hidden, target[key]])
        elif choice == 6 and keys:
            target[key] = Tagged(rng.choice(TAGS), target[key])
        elif choice == 7 and keys:
            target[Tagged(rng.choice(TAGS), key)] = hidden
        elif choice == 8:
            top["status"] = {"x": Anchored("a", hidden)}
            target["spec"] = Raw("*a")
        elif choice == 9 and lists:
            rng.choice(lists).append(rng.choice([hidden, Raw("*a")]))
        elif choice == 10 and keys:
            target[key] = Anchored("a", target[key])
            rng.choice(maps)[rng.choice(KEYS)] = Raw("*a")
        elif keys:
            target[rng.choice(KEYS)] = target.pop(key)

    def mutate(self, text: str) -> str:
        """One change to how it is written."""
        rng = self.rng
        at = rng.randrange(len(text) + 1)
        lines = text.split("\n")
        line = rng.randrange(len(lines))
        choice = rng.randrange(10)
        if choice < 3:
            return text[:at] + rng.choice(TOKENS) + text[at:]
        if choice == 3:
            end = min(len(text), at + rng.choice([1, 1, 1, 2, 5]))
            return text[:at] + text[end:]
        if choice == 4:
            lines.insert(line, rng.choice(SEPARATORS))
        elif choice == 5:
            lines.insert(line, " " * rng.choice([0, 0, 2, 4, 6]) + rng.choice(["", "- "]) + f"image: {self.image()}")
        elif choice == 6:
            lines[line] = rng.choice([" ", "  ", "\t", "- "]) + lines[line] if rng.random() < .5 else lines[line][rng.choice([1, 2]):]
        elif choice == 7:
            lines.insert(rng.randrange(len(lines)), lines[line])
        elif choice == 8:
            lines[line] += rng.choice([" # x", " |", " >", " \\", ":", " :", " &a", " *a", "\r", "\t", " !!str", ","])
        else:
            special = [i for i, c in enumerate(text) if c in ":-{}[],'\"&*#"]
            if special:
                at = rng.choice(special)
                return text[:at] + rng.choice(["", text[at] * 2, rng.choice(TOKENS), " " + text[at], text[at] + " "]) + text[at + 1:]
        return "\n".join(lines)

    # How it is written

    def scalar(self, value, flow: bool, indent: int, is_key=False) -> str:
        rng = self.rng
        if isinstance(value, Tagged):
            return f"{value.tag} {self.scalar(value.value, flow, indent, is_key)}"  # a key
        if isinstance(value, Raw):
            return str(value)
        if not isinstance(value, str):
            return json.dumps(value)
        quoted = json.dumps(value, ensure_ascii=rng.random() < .5).replace("\\ud83d\\ude80", "\\U0001f680")
        if "\n" in value or rng.random() < .2:
            if not flow and not is_key and value.strip() and not value.startswith((" ", "\n")) and rng.random() < .5:
                body = "".join(f"\n{' ' * (indent + 2)}{line}" for line in value.rstrip("\n").split("\n"))
                return ("|" if value.endswith("\n") else "|-") + body
            if value and rng.random() < .3:
                at = rng.randrange(len(value))
                if ord(value[at]) < 128:
                    before, after = (json.dumps(part, ensure_ascii=False) for part in (value[:at], value[at + 1:]))
                    return before[:-1] + f"\\x{ord(value[at]):02x}" + after[1:]
            return quoted
        if rng.random() < .15 and "\n" not in value:
            return "'" + value.replace("'", "''") + "'"
        safe = value and value[0].isalnum() and ": " not in value and " #" not in value and not value.endswith((":", " "))
        if value == "<<":
            return value
        return value if safe and (not flow or not set(value) & set(",[]{}")) and not value[0].isdigit() and value not in ("yes",) else quoted

    def node(self, node, indent: int, flow: bool) -> str:
        rng = self.rng
        if isinstance(node, Anchored):
            body = self.node(node.value, indent, flow)
            return f" &{node.name}" + body
        if isinstance(node, Tagged):
            return f" {node.tag}" + self.node(node.value, indent, flow)
        if isinstance(node, (dict, list)) and not node:
            return " {}" if isinstance(node, dict) else " []"
        if not isinstance(node, (dict, list)):
            return " " + self.scalar(node, flow, indent)
        flow = flow or rng.random() < .12
        if flow:
            space = rng.choice(["", " ", " "])
            if isinstance(node, list):
                return " [" + ("," + space).join(self.node(n, indent, True).strip() for n in node) + "]"
            members = [f"{self.scalar(k, True, indent, True)}:{self.node(v, indent, True)}" for k, v in node.items()]
            return " {" + ("," + space).join(members) + space + "}"
        pad = "\n" + " " * indent
        if isinstance(node, list):
            return "".join(pad + "-" + self.node(n, indent + 2, False) for n in node)
        step = rng.choice([2, 2, 2, 4])
        text = ""
        for key, value in node.items():
            if rng.random() < .03:
                text += pad + "# a comment"
            text += f"{pad}{self.scalar(key, False, indent, True)}:{self.node(value, indent + step, False)}"
        return text

    def yaml(self, top) -> str:
        return self.node(top, 0, False).lstrip() + "\n"

    def honest(self) -> str:
        rng = self.rng
        if rng.random() < .35:
            return self.yaml(self.compose())
        objects = [self.object("Pod" if i == 0 else None) for i in range(rng.randint(1, 3))]
        if rng.random() < .15:
            return "\n".join(json.dumps(o, indent=rng.choice([None, 2])) for o in objects) + "\n"
        separator = rng.choice(["---\n", "---\n# Source: x\n", "--- # x\n", "---\r\n"])
        text = separator.join(self.yaml(o) for o in objects)
        return rng.choice(["", "---\n"]) + text + rng.choice(["", "", "---\n", "...\n"])

    def hostile(self) -> str:
        rng = self.rng
        tops = [self.compose() if rng.random() < .4 else self.object() for _ in range(rng.choice([1, 1, 2, 3]))]
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            self.twist(rng.choice(tops))
        texts = []
        for top in tops:
            as_json = rng.random() < .1
            try:
                texts.append(json.dumps(top) + "\n" if as_json else self.yaml(top))
            except TypeError:  # what JSON cannot say
                texts.append(self.yaml(top))
        text = texts[0]
        for more in texts[1:]:
            text += (rng.choice(SEPARATORS) if rng.random() < .3 else "---") + "\n" + more
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 4])):
            text = self.mutate(text)
        return text


class Anchored:
    def __init__(self, name, value):
        self.name, self.value = name, value


class Tagged:
    """Also as a key: two of them are two keys."""

    def __init__(self, tag, value):
        self.tag, self.value = tag, value


class Twice(Raw):
    """A key that stands there already."""

    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return self is other
