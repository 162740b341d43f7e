#include "hsm/pkcs11/module.h"

#include <dlfcn.h>
#include <openssl/ui.h>
#include <p11-kit/p11-kit.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "hsm/os/ownership.h"
#include "hsm/pkcs11/return_value.h"
#include "tuf/base/shell_word.h"

namespace hsm::pkcs11 {
namespace {

constexpr rlim_t kRoomForFiles = 1 << 20;
constexpr const char* kSeeItsLog = "see the module's own log and settings (SoftHSM: SOFTHSM2_CONF)";

// Which modules this process has initialised is a fact of the process, whoever made the objects.
std::mutex loaded_mutex;
std::set<std::string>& loaded_files() {
  static std::set<std::string> files;
  return files;
}

tuf::Error module_failed(const std::string& path, const std::string& why, std::string hint = {}) {
  return {tuf::ErrorCode::kModuleFailed, "PKCS#11 module " + path + ": " + why, std::move(hint)};
}

/// A module sees the PIN and decides on what is signed: whoever can change it, or put another in its place,
/// could do both. Whoever can write a folder above it could put another folder in place of the one below. In
/// a sticky folder, such as /tmp, what is our own cannot be renamed or taken out by others.
void require_own(const std::string& path, const std::filesystem::path& file) {
  for (std::filesystem::path each = file, below; each != below; below = each, each = each.parent_path()) {
    struct stat status {};
    if (::stat(each.c_str(), &status) != 0) throw module_failed(path, std::strerror(errno));
    if (is_foreign(status)) {
      throw module_failed(path, each.string() + " belongs to another user, who could change it",
                          "install the module as root, or give it to this user, as root: chown " +
                              std::to_string(::geteuid()) + " " + tuf::shell_word(each.string()));
    }
    const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
    if ((status.st_mode & S_IWOTH) != 0 && !sticky) {
      throw module_failed(path, each.string() + " can be written by everybody",
                          "chmod o-w " + tuf::shell_word(each.string()));
    }
  }
}

/// libp11 prints to standard error when a module cannot be loaded, so whatever can be told is told before.
std::string real_file(const std::string& path) {
  if (path.empty() || path.front() != '/') throw module_failed(path, "the path is not absolute");
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::canonical(path, problem);
  if (problem) throw module_failed(path, problem.message());
  if (!std::filesystem::is_regular_file(real, problem)) throw module_failed(path, "not a file");
  if (::access(real.c_str(), R_OK) != 0) throw module_failed(path, std::strerror(errno));
  require_own(path, real);
  return real.string();
}

/// A module whose token is a folder (SoftHSM's) writes its files anew when somebody logs in. Where these may
/// not be as long as they were, it has emptied them before it finds out, and the keys are gone.
void require_room_for_files(const std::string& path) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur >= kRoomForFiles)
    return;
  throw tuf::Error(tuf::ErrorCode::kLocal,
                   "files may have only " + std::to_string(limit.rlim_cur) +
                       " bytes here, and PKCS#11 module " + path + " may have to write its token's",
                   "allow more before this command: ulimit -f unlimited");
}

struct Functions {
  CK_FUNCTION_LIST* list;
  bool own_instance;
};

Functions function_list(const std::string& path) {
  // The code stays until the process ends: modules leave exit handlers and thread keys behind that point into
  // it.
  void* library = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char* reason = ::dlerror();
    throw module_failed(path, reason ? reason : "cannot be loaded");
  }
  auto* get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (!get) throw module_failed(path, "not a PKCS#11 module: it has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  const CK_RV rv = get(&functions);
  if (rv != CKR_OK || !functions) {
    throw module_failed(path, "C_GetFunctionList failed: " + return_value_name(rv));
  }
  // What a second caller gets, as libp11 will be one.
  CK_FUNCTION_LIST* others = nullptr;
  return {functions, get(&others) == CKR_OK && others != functions};
}

}  // namespace

std::shared_ptr<Module> Module::load(const std::string& path, const std::string& arguments,
                                     std::shared_ptr<Watchdog> watchdog) {
  std::string file = real_file(path);
  {
    const std::lock_guard lock(loaded_mutex);
    if (!loaded_files().insert(file).second) throw module_failed(path, "already loaded by this process");
  }
  // From here on the destructor takes everything back, the entry above included.
  std::shared_ptr<Module> module(new Module(path, std::move(file), std::move(watchdog)));
  module->initialize(arguments);
  return module;
}

Module::Module(std::string path, std::string file, std::shared_ptr<Watchdog> watchdog)
    : path_(std::move(path)), file_(std::move(file)), watchdog_(std::move(watchdog)) {}

void Module::initialize(const std::string& arguments) {
  require_room_for_files(path_);
  const auto guard = watchdog_->watch("PKCS#11 module " + path_ + ": loading");
  const Functions functions = function_list(file_);
  functions_ = functions.list;
  own_instance_ = functions.own_instance;
  ERR_clear_error();
  context_ = PKCS11_CTX_new();
  if (!context_) throw module_failed(path_, "out of memory");
  if (!arguments.empty()) PKCS11_CTX_init_args(context_, arguments.c_str());
  if (PKCS11_CTX_load(context_, file_.c_str()) != 0) {
    throw module_failed(path_, "C_Initialize failed: " + return_value_name(take_libp11_error()), kSeeItsLog);
  }
  loaded_ = true;
  if (own_instance_) {
    CK_C_INITIALIZE_ARGS options{};
    options.flags = CKF_OS_LOCKING_OK;
    options.pReserved = arguments.empty() ? nullptr : const_cast<char*>(arguments.c_str());
    if (const CK_RV rv = functions_->C_Initialize(&options); rv != CKR_OK) {
      throw module_failed(path_, "C_Initialize failed: " + return_value_name(rv), kSeeItsLog);
    }
    own_initialized_ = true;
  }

  // A key that wants its PIN for every use makes libp11 ask OpenSSL's user interface, which is the terminal
  // unless somebody else answers.
  ui_method_ = UI_create_method("PIN without a terminal");
  UI_method_set_reader(ui_method_, &Module::answer_prompt);
  PKCS11_set_ui_method(context_, ui_method_, this);

  if (PKCS11_enumerate_slots(context_, &slots_, &slot_count_) != 0) {
    throw module_failed(path_, "the slots cannot be listed: " + return_value_name(take_libp11_error()),
                        kSeeItsLog);
  }
  take_libp11_error();
  for (unsigned int i = 0; i < slot_count_; ++i) {
    if (slots_[i].token) occupied_.push_back(&slots_[i]);
  }
}

Module::Library Module::library() const {
  CK_INFO info{};
  if (functions_->C_GetInfo(&info) != CKR_OK) return {};
  const auto field = [](const auto& padded) {
    return std::string(reinterpret_cast<const char*>(padded), p11_kit_space_strlen(padded, sizeof padded));
  };
  return {field(info.manufacturerID), field(info.libraryDescription),
          std::to_string(info.libraryVersion.major) + "." + std::to_string(info.libraryVersion.minor)};
}

Module::~Module() {
  const auto guard = watchdog_->watch("PKCS#11 module " + path_ + ": closing");
  // libp11's copy of the PIN is wiped with the slots.
  if (slots_) PKCS11_release_all_slots(context_, slots_, slot_count_);
  if (own_initialized_) functions_->C_Finalize(nullptr);
  if (loaded_) PKCS11_CTX_unload(context_);
  if (context_) PKCS11_CTX_free(context_);
  if (ui_method_) UI_destroy_method(ui_method_);
  ERR_clear_error();
  const std::lock_guard lock(loaded_mutex);
  loaded_files().erase(file_);
}

void Module::offer_pin(const void* token, const Pin& pin) {
  pins_.emplace_back(token, &pin);
}

void Module::withdraw_pin(const void* token) {
  pins_.erase(
      std::remove_if(pins_.begin(), pins_.end(), [&](const auto& entry) { return entry.first == token; }),
      pins_.end());
}

int Module::answer_prompt(UI* ui, UI_STRING* prompt) {
  const auto* module = static_cast<const Module*>(UI_get0_user_data(ui));
  if (!module || module->pins_.size() != 1) return 0;
  const Secret::Text revealed = module->pins_.front().second->reveal();
  const std::string_view pin = revealed;
  return UI_set_result_ex(ui, prompt, pin.data(), static_cast<int>(pin.size())) == 0 ? 1 : 0;
}

}  // namespace hsm::pkcs11
