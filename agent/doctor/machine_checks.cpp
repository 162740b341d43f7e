#include "agent/doctor/machine_checks.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hsm/os/atomic_file.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
namespace fs = std::filesystem;

/// nullopt if nothing is there.
std::optional<mode_t> mode_of(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return status.st_mode;
  return std::nullopt;
}

/// Others may put files into it, or take some away. A sticky folder keeps each user's own.
bool others_can_write(mode_t mode) {
  return (mode & (S_IWGRP | S_IWOTH)) != 0 && (mode & S_ISVTX) == 0;
}

std::string shown(const fs::path& path) {
  return tuf::printable(path.string());
}

std::string look_at_configuration(Patient& patient) {
  const fs::path& file = patient.settings().config_file();
  if (patient.gun) patient.settings().root_trust_for(*patient.gun);
  if (file.empty()) return "no file: options, environment and defaults";
  if (const auto mode = mode_of(file); mode && others_can_write(*mode)) {
    throw Ailment("configuration-not-private",
                  Error(ErrorCode::kInsecureFile,
                        shown(file) + " can be changed by others, and says which server and root are trusted",
                        "take away their access: chmod go-w " + tuf::shell_path(file.string())));
  }
  return shown(file);
}

[[noreturn]] void fail_unusable(const fs::path& folder, const std::string& reason) {
  throw Ailment(
      "trust-directory-unusable",
      Error(ErrorCode::kLocal, "the trust directory cannot be used: " + shown(folder) + " " + reason,
            "see what is there: ls -ld " + tuf::shell_path(folder.string()) +
                ", and mend it, or choose another folder with --trust-dir DIR"));
}

void require_folder(const fs::path& folder, mode_t mode, int access_wanted) {
  if (!S_ISDIR(mode)) fail_unusable(folder, "is not a folder");
  if (access(folder.c_str(), access_wanted) != 0)
    fail_unusable(folder, std::string("is not open to this user: ") + std::strerror(errno));
}

/// What is missing is made when it is first needed, in the nearest folder that is there.
void require_maker(const fs::path& folder) {
  fs::path above = fs::absolute(folder);
  while (!mode_of(above) && above != above.parent_path()) above = above.parent_path();
  require_folder(above, mode_of(above).value_or(0), W_OK | X_OK);
}

std::string look_at_trust_directory(Patient& patient) {
  const fs::path& folder = patient.settings().trust_dir();
  if (!mode_of(folder)) {
    require_maker(folder);
    return shown(folder) + ", which is made when it is needed";
  }
  for (const fs::path& part : {folder, folder / "private", folder / "tuf"}) {
    const auto mode = mode_of(part);
    if (!mode) continue;
    require_folder(part, *mode, R_OK | W_OK | X_OK);
    if (!others_can_write(*mode)) continue;
    throw Ailment(
        "trust-directory-not-private",
        Error(ErrorCode::kInsecureFile,
              "others can change what is in " + shown(part) + ": keys, and the memory of what was seen",
              "take away their access: chmod -R go-w " + tuf::shell_path(part.string())));
  }
  const auto keys = mode_of(folder / "private");
  if (keys && (*keys & (S_IRWXG | S_IRWXO)) != 0) {
    patient.warn("KEYS_READABLE", "others can look into " + shown(folder / "private") + ": chmod 700 " +
                                      shown(folder / "private"));
  }
  return shown(folder);
}

std::string look_at_audit_log(Patient& patient) {
  try {
    patient.run.rehearse_audit();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kLocal) throw Ailment("audit-log-unusable", error);
    if (error.code() == ErrorCode::kInsecureFile) throw Ailment("audit-log-not-private", error);
    throw;
  }
  return shown(*patient.settings().audit_log());
}

std::string look_at_receipt(const fs::path& file) {
  try {
    hsm::require_writable(file);
  } catch (const Error& error) {
    throw Ailment("receipt-unusable", error);
  }
  return shown(file);
}

}  // namespace

void warn_if_others_can_change(const fs::path& file, Patient& patient) {
  const auto mode = mode_of(file);
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const auto above = mode_of(folder);
  if (!(mode && others_can_write(*mode)) && !(above && others_can_write(*above))) return;
  patient.warn("POLICY_WRITABLE", "others on this machine can change " + shown(file) +
                                      ", which says who may release: chmod go-w " +
                                      tuf::shell_path(file.string()) + " " +
                                      tuf::shell_path(folder.string()));
}

void add_machine_checks(Patient& patient, std::vector<Check>& chain) {
  chain.push_back({"configuration", [&patient] { return look_at_configuration(patient); }});
  chain.push_back({"trust-directory", [&patient] { return look_at_trust_directory(patient); }});
  if (patient.settings().audit_log())
    chain.push_back({"audit-log", [&patient] { return look_at_audit_log(patient); }});
}

void add_receipt_check(const fs::path& file, std::vector<Check>& chain) {
  chain.push_back({"receipt", [file] { return look_at_receipt(file); }});
}

}  // namespace agent
