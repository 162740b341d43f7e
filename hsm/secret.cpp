#include "hsm/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <new>
#include <set>
#include <utility>

namespace hsm {
namespace {

std::size_t whole_pages(std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

std::mutex& all_mutex() {
  static std::mutex mutex;
  return mutex;
}

/// Outlives every secret, those of other static objects too.
std::set<const Secret*>& all_secrets() {
  static auto* secrets = new std::set<const Secret*>;
  return *secrets;
}

}  // namespace

Secret::Secret(std::string_view text) {
  if (text.empty()) return;
  const std::size_t length = 2 * whole_pages(text.size());
  void* memory = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // Both are refused in small containers; the secret is then as safe as the machine's swap and core dumps.
  static_cast<void>(mlock(memory, length));
  static_cast<void>(madvise(memory, length, MADV_DONTDUMP));
  data_ = static_cast<char*>(memory);
  size_ = text.size();
  std::memcpy(data_, text.data(), size_);
  const std::lock_guard lock(all_mutex());
  all_secrets().insert(this);
}

Secret::Secret(Secret&& other) noexcept {
  move_from(other);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    move_from(other);
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

Secret::Text::Text(const Secret& secret) : secret_(secret) {
  const std::lock_guard lock(all_mutex());
  if (secret.sealed_) secret.break_seal();
  ++secret.readers_;
  text_ = {secret.data_ == nullptr ? "" : secret.data_, secret.size_};
}

Secret::Text::~Text() {
  const std::lock_guard lock(all_mutex());
  --secret_.readers_;
}

void Secret::seal_all() {
  const std::lock_guard lock(all_mutex());
  for (const Secret* secret : all_secrets()) {
    if (secret->readers_ == 0) secret->seal();
  }
}

void Secret::seal() const {
  if (sealed_) return;
  char* noise = data_ + whole_pages(size_);
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(noise), static_cast<int>(size_)) != 1) return;
  for (std::size_t i = 0; i < size_; ++i) data_[i] = static_cast<char>(data_[i] ^ noise[i]);
  sealed_ = true;
}

void Secret::break_seal() const {
  char* noise = data_ + whole_pages(size_);
  for (std::size_t i = 0; i < size_; ++i) data_[i] = static_cast<char>(data_[i] ^ noise[i]);
  OPENSSL_cleanse(noise, size_);
  sealed_ = false;
}

void Secret::move_from(Secret& other) noexcept {
  const std::lock_guard lock(all_mutex());  // or it is sealed half-way
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  sealed_ = std::exchange(other.sealed_, false);
  if (data_ == nullptr) return;
  all_secrets().erase(&other);
  all_secrets().insert(this);
}

void Secret::wipe() noexcept {
  if (data_ == nullptr) return;
  {
    const std::lock_guard lock(all_mutex());
    all_secrets().erase(this);
  }
  const std::size_t length = 2 * whole_pages(size_);
  OPENSSL_cleanse(data_, length);
  munmap(data_, length);  // unlocks as well
  data_ = nullptr;
  size_ = 0;
  sealed_ = false;
}

}  // namespace hsm
