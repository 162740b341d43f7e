// SecretSource: where passphrases and PINs come from. Environment and mounted files only; never a prompt,
// never argv. The order for each secret is that of the public command line.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hsm/secret.h"

namespace hsm {

/// The first line of a file of mode 0600: without its end, whether of Unix or of Windows, and without a byte
/// order mark. Throws kFileUnreadable, also for UTF-16, and kInsecureFile.
Secret read_secret_file(const std::filesystem::path& path);

/// The variables that may hold a secret. Any name also has a `…_FILE` twin: the path of a file whose first
/// line is the secret.
class SecretSource {
 public:
  /// Takes every variable that can hold a secret out of the process's environment: copied into Secrets,
  /// overwritten in place and unset, so that no child and no core dump has it. Call once, before any thread.
  static SecretSource take_environment();
  /// For tests: these variables instead of the environment's.
  explicit SecretSource(const std::map<std::string, std::string>& variables);

  /// The first of `names` (or its _FILE twin) that is set; nullptr if none is. An empty variable is none, but
  /// a file may hold an empty line. Throws kFileUnreadable, kInsecureFile for a twin whose file cannot be
  /// used. A file that others can read is taken: mounted secrets often are.
  const Secret* find(const std::vector<std::string>& names);

  /// The one of them out of which `find` has taken it: NAME, or NAME_FILE; the first if none is set.
  std::string variable_in_use(const std::vector<std::string>& names) const;

  /// The first of them that is set and empty.
  std::optional<std::string> empty_variable(const std::vector<std::string>& names) const;

  /// The variables, in order, that are looked at for a key file whose `role:` header is `label`
  /// (section 5.4): root keys have their own.
  static std::vector<std::string> passphrase_variables(std::string_view label);
  /// The passphrase of such a file, which is never empty: that would store a key as it is. Throws
  /// kSecretMissing, naming the variables that were tried.
  const Secret& passphrase(std::string_view label);
  /// As `passphrase`, but nullptr when no variable is set.
  const Secret* find_passphrase(std::string_view label);

 private:
  SecretSource() = default;
  void take(const std::string& name, std::string_view value);

  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // of secrets_, which grows
  std::map<std::string, Secret> secrets_;     // by variable; those read from files under NAME_FILE
  std::map<std::string, std::string> files_;  // NAME_FILE -> path
  std::set<std::string> empty_;               // that were set, and empty
};

}  // namespace hsm
