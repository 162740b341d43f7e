#include "hsm/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <utility>

namespace hsm {
namespace {

std::size_t whole_pages(std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

Secret::Secret(std::string_view text) {
  if (text.empty()) return;
  const std::size_t length = whole_pages(text.size());
  void* memory = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // Both are refused in small containers; the secret is then as safe as the machine's swap and core dumps.
  static_cast<void>(mlock(memory, length));
  static_cast<void>(madvise(memory, length, MADV_DONTDUMP));
  data_ = static_cast<char*>(memory);
  size_ = text.size();
  std::memcpy(data_, text.data(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

std::string_view Secret::reveal() const {
  return {data_ == nullptr ? "" : data_, size_};
}

void Secret::wipe() noexcept {
  if (data_ == nullptr) return;
  OPENSSL_cleanse(data_, size_);
  munmap(data_, whole_pages(size_));  // unlocks as well
  data_ = nullptr;
  size_ = 0;
}

}  // namespace hsm
