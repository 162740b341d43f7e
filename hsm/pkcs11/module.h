// Module: one loaded PKCS#11 module, seen through libp11 (slots, log-in, keys for OpenSSL) and through its
// own function list (everything else). One C_Initialize and one C_Finalize for each instance of the module,
// which is nearly always one, libp11's. Internal to this folder.
//
// Ownership: Module <- Token <- key. Everything that came from a module keeps it alive, since libp11 uses
// freed memory when a key outlives its context.
#pragma once

#include <libp11.h>
#include <openssl/ui.h>
#include <p11-kit/pkcs11.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hsm/pkcs11/pin.h"
#include "hsm/pkcs11/watchdog.h"

namespace hsm::pkcs11 {

class Module {
 public:
  /// `path`: absolute. `arguments`: what a few modules want at start (NSS: "configdir='sql:/db'"). Throws
  /// kModuleFailed, also if others could change the file or put another in its place, and if this process has
  /// the module loaded already: a second context would finalize the first.
  static std::shared_ptr<Module> load(const std::string& path, const std::string& arguments,
                                      std::shared_ptr<Watchdog> watchdog);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const std::string& path() const { return path_; }
  CK_FUNCTION_LIST& functions() const { return *functions_; }
  /// What the module says of itself, as a URI may demand it.
  struct Library {
    std::string manufacturer;
    std::string description;
    std::string version;  // "2.6"
  };
  Library library() const;
  PKCS11_CTX* context() const { return context_; }
  /// False for modules that give every caller of C_GetFunctionList an instance of its own (p11-kit's client
  /// and proxy): then `functions` does not see what libp11 did, a log-in above all.
  bool shared_with_libp11() const { return !own_instance_; }
  Watchdog& watchdog() const { return *watchdog_; }
  /// The slots that hold a token, initialised or not. Valid as long as the module.
  const std::vector<PKCS11_SLOT*>& occupied_slots() const { return occupied_; }

  /// What libp11 gets when it asks for a PIN: this one, wherever it would have asked a terminal. With a
  /// second token logged in it could go to the wrong one, so then libp11 gets none at all.
  void offer_pin(const void* token, const Pin& pin);
  void withdraw_pin(const void* token);

 private:
  Module(std::string path, std::string file, std::shared_ptr<Watchdog> watchdog);
  void initialize(const std::string& arguments);
  static int answer_prompt(UI* ui, UI_STRING* prompt);

  std::string path_;  // as the user wrote it
  std::string file_;  // without links: the identity
  std::shared_ptr<Watchdog> watchdog_;
  CK_FUNCTION_LIST* functions_ = nullptr;
  UI_METHOD* ui_method_ = nullptr;
  PKCS11_CTX* context_ = nullptr;
  bool loaded_ = false;
  bool own_instance_ = false;
  bool own_initialized_ = false;
  PKCS11_SLOT* slots_ = nullptr;
  unsigned int slot_count_ = 0;
  std::vector<PKCS11_SLOT*> occupied_;
  std::vector<std::pair<const void*, const Pin*>> pins_;  // the tokens' own
};

}  // namespace hsm::pkcs11
