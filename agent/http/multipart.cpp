#include "agent/http/multipart.h"

#include <openssl/rand.h>

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/openssl.h"

namespace agent {
namespace {

bool needs_no_quoting(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
  });
}

}  // namespace

MultipartBody make_multipart(const std::vector<HttpPart>& parts, const std::string& boundary) {
  MultipartBody body;
  body.content_type = "multipart/form-data; boundary=" + boundary;
  for (const HttpPart& part : parts) {
    if (!needs_no_quoting(part.file_name)) {
      throw tuf::Error(tuf::ErrorCode::kInternal, "the name of an uploaded part needs quoting");
    }
    body.pieces.emplace_back("--" + boundary + "\r\n" +
                             "Content-Disposition: form-data; name=\"files\"; filename=\"" + part.file_name +
                             "\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    body.pieces.push_back(part.content);
    body.pieces.emplace_back("\r\n");
  }
  body.pieces.emplace_back("--" + boundary + "--\r\n");
  return body;
}

MultipartBody make_multipart(const std::vector<HttpPart>& parts) {
  tuf::Bytes random(30);
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    throw tuf::Error(tuf::ErrorCode::kInternal, "no random numbers: " + tuf::drain_openssl_errors());
  }
  return make_multipart(parts, tuf::to_hex(random));
}

}  // namespace agent
