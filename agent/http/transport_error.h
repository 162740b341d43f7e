// TransportError: why no answer came, as far as the transport can tell. For whoever explains it to a person;
// all others see a tuf::Error.
#pragma once

#include <string>

#include "tuf/base/error.h"

namespace agent {

enum class TransportFault {
  kOther,
  kUnknownHost,
  kUnknownAuthority,    // nobody who is trusted here vouches for the server's certificate
  kOtherHostName,       // the certificate is another host's
  kExpiredCertificate,  // or one that is not valid yet
  kNoTls,               // what answers speaks something else
  kClientCertificate,   // the server wants one, or another one
  kProxy,               // a proxy says no
};

class TransportError : public tuf::Error {
 public:
  TransportError(tuf::ErrorCode code, const std::string& message, std::string hint = {},
                 TransportFault fault = TransportFault::kOther)
      : Error(code, message, std::move(hint)), fault_(fault) {}

  TransportFault fault() const { return fault_; }

 private:
  TransportFault fault_;
};

}  // namespace agent
