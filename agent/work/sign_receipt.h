// SignReceipt: gathers what a run of `sign` has published and read back, and writes the receipt of it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "agent/evidence/receipt.h"
#include "agent/work/run.h"
#include "agent/work/sign_images.h"

namespace agent {

class SignReceipt {
 public:
  /// Throws kLocal if the file cannot be written: asked before anything is published. Without a file, and
  /// with --dry-run, all else does nothing.
  SignReceipt(std::optional<std::string> file, Run& run);

  /// One repository, as the run has told of it (Run::told) and as it was read back.
  void add(const PublishedRepository& told, const SignedImages& result);
  /// Signs and writes it. Throws the KEY errors and kLocal, saying that what was signed is published.
  void write();

 private:
  Run& run_;
  std::optional<std::string> file_;
  ReceiptContent content_;
  std::set<tuf::KeyId> keys_;  // that sign it: opened when it is written
};

}  // namespace agent
