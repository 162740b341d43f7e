// SecretBytes: octets of a private key on their way between a file and OpenSSL. The memory is wiped whenever
// it is given back, also when the vector grows.
#pragma once

#include <openssl/crypto.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "tuf/base/bytes.h"

namespace hsm {

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  explicit WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) {
    OPENSSL_cleanse(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const WipingAllocator&) const { return true; }
};

using SecretBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

}  // namespace hsm
