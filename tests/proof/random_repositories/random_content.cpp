#include "tests/proof/random_repositories/random_content.h"

#include <set>

#include "tuf/base/digest.h"
#include "tuf/json/json.h"

namespace proof {
namespace {

constexpr int kMaxDepth = 6;

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6);
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
}

char32_t random_code_point(Random& random) {
  const auto from = [&](char32_t low, char32_t high) {
    return static_cast<char32_t>(
        random.between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)));
  };
  static const std::vector<char32_t> kSpecial = {U'<',   U'>',   U'&',   U'"',   U'\\',    U'/',   U'\'',
                                                 U'%',   U'`',   0x80,   0x85,   0xa0,     0xad,   0x2028,
                                                 0x2029, 0x2027, 0x202a, 0x202e, 0x200b,   0x200d, 0xfeff,
                                                 0xfffd, 0xffff, 0xd7ff, 0xe000, 0x10ffff, 0x1f600};
  switch (random.between(0, 7)) {
    case 0:
    case 1:
    case 2:
      return from(0x20, 0x7e);
    case 3:
    case 4:
      return random.pick(kSpecial);
    case 5:
      return from(0xa1, 0x7ff);
    case 6:
      return random.one_in(3) ? from(0xe000, 0xffff) : from(0x800, 0xd7ff);
    default:
      return from(0x10000, 0x10ffff);
  }
}

void append_escape(std::string& out, char32_t unit, bool upper) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 15];
}

/// A JSON string with characters raw or escaped, as it happens.
std::string json_string(Random& random) {
  std::string out = "\"";
  for (std::int64_t left = random.between(0, 12); left > 0; --left) {
    const char32_t c = random_code_point(random);
    const bool upper = random.one_in(2);
    if (c == U'"' || c == U'\\') {
      out += '\\';
      append_utf8(out, c);
    } else if (c == U'/' && random.one_in(2)) {
      out += "\\/";
    } else if (!random.one_in(4)) {
      append_utf8(out, c);
    } else if (c < 0x10000) {
      append_escape(out, c, upper);
    } else {
      append_escape(out, 0xd800 + ((c - 0x10000) >> 10), upper);
      append_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff), upper);
    }
  }
  return out + '"';
}

std::string json_number(Random& random) {
  const std::int64_t limits[] = {9, 1000, 1LL << 31, tuf::kMaxJsonInteger};
  const std::int64_t limit = limits[random.between(0, 3)];
  const std::int64_t value = random.between(-limit, limit);
  const std::string digits = std::to_string(value);
  switch (random.between(0, 5)) {
    case 0:
      return digits + ".0";
    case 1:
      return digits + "e0";
    case 2:
      return std::to_string(value / 1000) + "E+3";
    case 3:
      return std::to_string(value / 100) + ".25e2";
    case 4:
      return random.one_in(4) ? "-0" : digits;
    default:
      return digits;
  }
}

void append_json(std::string& out, Random& random, int depth) {
  const auto space = [&] {
    static const std::vector<std::string> kSpaces = {" ", "\n", "\t", "\r\n", "  "};
    if (random.one_in(4)) out += random.pick(kSpaces);
  };
  const std::int64_t kind = random.between(0, depth >= kMaxDepth ? 3 : 7);
  space();
  if (kind == 0) {
    static const std::vector<std::string> kLiterals = {"null", "true", "false"};
    out += random.pick(kLiterals);
  } else if (kind == 1) {
    out += json_number(random);
  } else if (kind <= 3) {
    out += json_string(random);
  } else if (kind == 4) {
    out += '[';
    for (std::int64_t i = 0, count = random.between(0, 4); i < count; ++i) {
      if (i > 0) out += ',';
      append_json(out, random, depth + 1);
    }
    space();
    out += ']';
  } else {
    out += '{';
    std::set<std::string> names;
    for (std::int64_t i = random.between(0, 5); i > 0; --i) {
      const std::string name = json_string(random);
      if (!names.insert(tuf::parse_json(name, "a name").get<std::string>()).second) continue;
      if (names.size() > 1) out += ',';
      space();
      out += name;
      space();
      out += ':';
      append_json(out, random, depth + 1);
    }
    space();
    out += '}';
  }
  space();
}

tuf::Bytes random_bytes(Random& random, std::size_t count) {
  tuf::Bytes bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.between(0, 255));
  return bytes;
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t number) {
  std::seed_seq sequence{seed & 0xffffffff, seed >> 32, number & 0xffffffff, number >> 32};
  engine_.seed(sequence);
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  // The distributions of the standard library differ from one implementation to the next.
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + engine_() % range);
}

std::string random_text(Random& random, std::int64_t max_characters) {
  std::string text;
  for (std::int64_t left = random.between(1, max_characters); left > 0; --left)
    append_utf8(text, random_code_point(random));
  return text;
}

std::string random_json(Random& random) {
  std::string out;
  append_json(out, random, 0);
  return out;
}

tuf::Target random_target(Random& random) {
  const std::int64_t limits[] = {1, 4000, 1LL << 32, tuf::kMaxJsonInteger};
  tuf::Target target{
      {{"sha256", random_bytes(random, 32)}}, random.between(1, limits[random.between(0, 3)]), {}};
  if (random.one_in(3)) target.hashes["sha512"] = random_bytes(random, 64);
  if (random.one_in(2)) {
    const tuf::Json custom = tuf::parse_json(random_json(random), "custom data");
    if (!custom.is_null()) target.custom = custom;
  }
  return target;
}

}  // namespace proof
