#include "agent/http/curl_error.h"

#include <openssl/x509_vfy.h>

#include <new>

#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::ErrorCode;
using Fault = TransportFault;

/// Alerts with which a server of TLS 1.3 refuses the client's certificate. They come after the request was
/// written, but a server that sends one never read it.
bool is_client_certificate_alert(const std::string& text) {
  return text.find("alert certificate required") != std::string::npos ||
         text.find("alert bad certificate") != std::string::npos ||
         text.find("alert unknown ca") != std::string::npos ||
         text.find("alert certificate expired") != std::string::npos ||
         text.find("alert certificate unknown") != std::string::npos;
}

/// OpenSSL tells of a signature that does not fit by where it stopped, and libcurl of no reason at all.
bool is_signature_of_another(const std::string& text) {
  return text.find("asn1 encoding routines") != std::string::npos ||
         text.find("rsa routines") != std::string::npos;
}

TransportError unknown_authority(const std::string& host) {
  return {ErrorCode::kTlsFailed,
          "cannot trust " + host + ": its certificate was issued by an authority that is not trusted here",
          "name the authority that issued it with --tlscacert FILE, or put it as *.crt into ~/.docker/tls/" +
              host + "/",
          Fault::kUnknownAuthority};
}

TransportError describe_untrusted(const CurlFailure& failure) {
  const std::string start = "cannot trust " + failure.host + ": its certificate ";
  const std::string clock = "check this machine's clock: date -u";
  // libcurl compares names itself, before it takes over OpenSSL's result.
  if (failure.text.find("target host name") != std::string::npos) {
    return {ErrorCode::kTlsFailed, start + "is for another host name",
            "use the name that the certificate is for in --server", Fault::kOtherHostName};
  }
  switch (failure.verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {ErrorCode::kTlsFailed, start + "has expired",
              clock + "; if it is right, whoever runs the server renews its certificate",
              Fault::kExpiredCertificate};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {ErrorCode::kTlsFailed, start + "is not valid yet", clock, Fault::kExpiredCertificate};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
      return unknown_authority(failure.host);
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED:
      return {ErrorCode::kTlsFailed, start + "was refused: " + tuf::printable(failure.text, 300)};
    default:
      return {ErrorCode::kTlsFailed,
              start + "was refused: " + X509_verify_cert_error_string(failure.verify_result)};
  }
}

TransportError describe_tls(const CurlFailure& failure, const std::string& text) {
  // As where an authority was made anew under its old name.
  if (is_signature_of_another(text)) return unknown_authority(failure.host);
  if (text.find("wrong version number") != std::string::npos) {
    return {ErrorCode::kTlsFailed, "no TLS with " + failure.host + ": what answers there does not speak TLS",
            "name the port that speaks TLS in --server; a server without TLS is only used with --server "
            "http://" +
                failure.host + " --allow-http",
            Fault::kNoTls};
  }
  if (text.find("unsupported protocol") != std::string::npos ||
      text.find("alert protocol version") != std::string::npos) {
    return {ErrorCode::kTlsFailed, "no TLS with " + failure.host + ": it does not offer TLS 1.2 or newer"};
  }
  if (text.find("alert handshake failure") != std::string::npos) {
    return {ErrorCode::kTlsFailed,
            "no TLS with " + failure.host + ": it refuses; perhaps it wants a client certificate",
            "name it with --tlscert FILE --tlskey FILE", Fault::kClientCertificate};
  }
  return {ErrorCode::kTlsFailed, "no TLS with " + failure.host + ": " + text};
}

/// libcurl's own words, unless they quote the URL of a proxy, which may hold a password.
std::string text_of(const CurlFailure& failure) {
  const bool quotes = failure.proxy && failure.text.find(failure.proxy->url) != std::string::npos;
  return tuf::printable(failure.text.empty() || quotes ? curl_easy_strerror(failure.code) : failure.text,
                        300);
}

}  // namespace

TransportError describe_proxy_refusal(const std::string& host, const Proxy& proxy, int status) {
  const std::string start = "cannot reach " + host + ": the proxy " + proxy.name;
  const std::string around = "or let the host do without: NO_PROXY=" + host;
  if (status == 407) {
    return {
        ErrorCode::kServerUnreachable,
        start + (proxy.has_login ? " refuses the login in " + proxy.variable : " wants a login") + " (407)",
        "write user:password and an @ before the proxy's name in " + proxy.variable + ", " + around,
        Fault::kProxy};
  }
  return {ErrorCode::kServerUnreachable, start + " answers " + std::to_string(status),
          "ask whoever runs the proxy to let it through, " + around,
          status < 500 ? Fault::kProxy : Fault::kOther};
}

TransportError describe_failure(const CurlFailure& failure) {
  const std::string text = text_of(failure);
  if (text.find("malloc failure") != std::string::npos) throw std::bad_alloc();
  if (is_client_certificate_alert(text)) {
    return {ErrorCode::kTlsFailed, failure.host + " refuses the client certificate: " + text,
            "name it with --tlscert FILE --tlskey FILE", Fault::kClientCertificate};
  }
  switch (failure.code) {
    case CURLE_SSL_CACERT_BADFILE:
      return {ErrorCode::kFileUnreadable, "cannot use the certificates of authorities: " + text};
    case CURLE_SSL_CERTPROBLEM:
      return {ErrorCode::kFileUnreadable, "cannot use the client certificate or its key: " + text,
              "--tlscert and --tlskey take PEM files, the key without passphrase"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return describe_untrusted(failure);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED:
      return describe_tls(failure, text);
    case CURLE_FILESIZE_EXCEEDED:
      return {ErrorCode::kServerError, failure.host + " sends more than is allowed here"};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      // The rest of an answer that was longer than it said: nothing that comes over this connection can be
      // told apart any more.
      if (!failure.first_of_connection) break;
      return {ErrorCode::kServerError, failure.host + " does not answer as an HTTP server: " + text};
    case CURLE_OUT_OF_MEMORY:  // what libcurl says of a header that is longer than it takes
      if (!failure.request_begun) throw std::bad_alloc();
      return {ErrorCode::kServerError, failure.host + " sends a header that is too long"};
    case CURLE_URL_MALFORMAT:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_NOT_BUILT_IN:
      return {ErrorCode::kInternal, "libcurl: " + text};
    default:
      break;
  }
  if (!failure.request_begun) {
    const bool unknown_host = failure.code == CURLE_COULDNT_RESOLVE_HOST;
    return {ErrorCode::kServerUnreachable,
            "cannot reach " + failure.host + (failure.proxy ? " by the proxy " + failure.proxy->name : "") +
                ": " + (unknown_host ? "no such host is known" : text),
            {},
            unknown_host ? Fault::kUnknownHost : Fault::kOther};
  }
  if (failure.code == CURLE_OPERATION_TIMEDOUT) {
    return {ErrorCode::kTimeout, "no whole answer from " + failure.host + " in time: " + text};
  }
  return {ErrorCode::kConnectionLost, "the connection to " + failure.host + " was lost: " + text};
}

}  // namespace agent
