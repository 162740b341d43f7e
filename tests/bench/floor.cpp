// The floor: what one more tag costs a program that does nothing but fetch, check, sign and post, over one
// connection. It knows every key beforehand, keeps nothing, believes the form of what is signed and says
// nothing helpful.
//   floor URL GUN CA KEY KEYID TAG SHA256 SIZE TIMESTAMP.pub SNAPSHOT.pub TARGETS.pub
#include <curl/curl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "floor: %s\n", why.c_str());
  std::exit(1);
}

std::string to_base64(const unsigned char* data, std::size_t size) {
  std::string text(4 * ((size + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size));
  return text;
}

std::string from_base64(std::string_view text) {
  std::string data(text.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) fail("no base64");
  std::size_t padding = 0;
  while (padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  data.resize(static_cast<std::size_t>(size) - padding);
  return data;
}

std::string sha256(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<char*>(digest), size};
}

std::string to_hex(std::string_view data) {
  std::string text;
  for (const unsigned char byte : data) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// The first text between these two; `begin` may stand anywhere after `from`.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end,
                         std::size_t from = 0) {
  const std::size_t start = text.find(begin, from);
  const std::size_t stop = text.find(end, start + begin.size());
  if (start == text.npos || stop == text.npos) fail("malformed: no " + std::string(begin));
  return text.substr(start + begin.size(), stop - start - begin.size());
}

EVP_PKEY* read_key(const char* path, bool is_private) {
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) fail(std::string("cannot read ") + path);
  EVP_PKEY* key = is_private ? PEM_read_PrivateKey(file, nullptr, nullptr, nullptr)
                             : PEM_read_PUBKEY(file, nullptr, nullptr, nullptr);
  std::fclose(file);
  if (key == nullptr) fail(std::string("no key in ") + path);
  return key;
}

constexpr std::string_view kHead = R"({"signed":)";
constexpr std::string_view kTail = R"(,"signatures":)";

std::string_view signed_part(std::string_view file) {
  const std::size_t end = file.rfind(kTail);
  if (file.substr(0, kHead.size()) != kHead || end == file.npos) fail("malformed");
  return file.substr(kHead.size(), end - kHead.size());
}

void verify(std::string_view file, EVP_PKEY* key) {
  const std::string_view message = signed_part(file);
  std::string signature = from_base64(between(file, R"("sig":")", "\"", kHead.size() + message.size()));
  const bool is_ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
  if (is_ec) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    const int half = static_cast<int>(signature.size() / 2);
    ECDSA_SIG* pair = ECDSA_SIG_new();
    ECDSA_SIG_set0(pair, BN_bin2bn(bytes, half, nullptr), BN_bin2bn(bytes + half, half, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair, &der);
    signature.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
  }
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (EVP_DigestVerifyInit(context, nullptr, is_ec ? EVP_sha256() : nullptr, nullptr, key) != 1 ||
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    fail("a signature is wrong");
  }
  EVP_MD_CTX_free(context);
}

std::string sign(std::string_view message, EVP_PKEY* key) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  unsigned char der[256];
  std::size_t size = sizeof der;
  if (EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context, der, &size, reinterpret_cast<const unsigned char*>(message.data()),
                     message.size()) != 1) {
    fail("cannot sign");
  }
  EVP_MD_CTX_free(context);
  const unsigned char* next = der;
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(size));
  unsigned char raw[64];
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
  ECDSA_SIG_free(pair);
  return to_base64(raw, sizeof raw);
}

// Where the object or text that begins there ends.
std::size_t end_of_value(std::string_view text, std::size_t from) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (in_text) {
      if (c == '\\') ++at;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  fail("malformed");
}

// The next version, with the entry in its place; names come in the order of their bytes.
std::string with_entry(std::string_view body, const std::string& tag, const std::string& entry) {
  constexpr std::string_view kTargets = R"("targets":{)";
  constexpr std::string_view kVersion = R"("version":)";
  std::size_t at = body.find(kTargets);
  if (at == body.npos) fail("malformed");
  at += kTargets.size();
  const bool was_empty = body[at] == '}';
  bool comes_last = true;
  while (body[at] == '"') {
    const std::size_t name_end = body.find('"', at + 1);
    if (body.substr(at + 1, name_end - at - 1) > tag) {
      comes_last = false;
      break;
    }
    at = end_of_value(body, name_end + 2);
    if (body[at] != ',') break;
    ++at;
  }
  std::string added = "\"" + tag + "\":" + entry;
  if (comes_last && !was_empty) added.insert(0, ",");
  if (!comes_last) added += ",";
  std::string result(body);
  result.insert(at, added);
  const std::size_t version = result.rfind(kVersion) + kVersion.size();
  const long next = std::strtol(result.c_str() + version, nullptr, 10) + 1;
  result.replace(version, result.find('}', version) - version, std::to_string(next));
  return result;
}

std::size_t append(char* data, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

std::string request(CURL* curl, const std::string& url) {
  std::string answer;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) fail(url + ": " + curl_easy_strerror(code));
  return answer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 12) fail("wrong usage");
  const std::string base = std::string(argv[1]) + "/v2/" + argv[2] + "/_trust/tuf/";
  EVP_PKEY* key = read_key(argv[4], true);
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_CAINFO, argv[3]);
  curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);

  const auto fetch = [&](const std::string& role, std::string_view parent, EVP_PKEY* signer) {
    const std::string digest = from_base64(between(parent, "\"" + role + R"(":{"hashes":{"sha256":")", "\""));
    std::string file = request(curl, base + role + "." + to_hex(digest) + ".json");
    if (sha256(file) != digest) fail("a hash is wrong");
    verify(file, signer);
    return file;
  };
  const std::string timestamp = request(curl, base + "timestamp.json");
  verify(timestamp, read_key(argv[9], false));
  const std::string snapshot = fetch("snapshot", timestamp, read_key(argv[10], false));
  fetch("targets", snapshot, read_key(argv[11], false));

  const std::string entry =
      R"({"hashes":{"sha256":")" + std::string(argv[7]) + R"("},"length":)" + argv[8] + "}";
  curl_mime* form = curl_mime_init(curl);
  for (const std::string role : {"targets/releases", "targets/jenkins"}) {
    const std::string body = with_entry(signed_part(fetch(role, snapshot, key)), argv[6], entry);
    std::string file(kHead);
    file += body;
    file += kTail;
    file +=
        R"([{"keyid":")" + std::string(argv[5]) + R"(","method":"ecdsa","sig":")" + sign(body, key) + "\"}]}";
    curl_mimepart* part = curl_mime_addpart(form);
    curl_mime_name(part, "files");
    curl_mime_filename(part, role.c_str());
    curl_mime_type(part, "application/octet-stream");
    curl_mime_data(part, file.data(), file.size());
  }
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
  request(curl, base);
  return 0;
}
