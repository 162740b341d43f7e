#include "agent/work/client_pool.h"

#include <utility>

namespace agent {
namespace {

/// Of each client but the first: all of them together shall not look like an attack.
constexpr int kConnectionsBeside = 3;

}  // namespace

/// Comes back to the pool when it goes.
class ClientPool::Lent {
 public:
  explicit Lent(ClientPool& pool) : pool_(pool) {
    if (pool.idle_.empty()) {
      CurlOptions options = pool.options_;
      options.connections_per_host = pool.is_near_ ? 1 : kConnectionsBeside;
      client_ = std::make_unique<CurlClient>(std::move(options));
    } else {
      client_ = std::move(pool.idle_.back());
      pool.idle_.pop_back();
    }
  }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() {
    if (client_->is_near()) pool_.is_near_ = true;
    pool_.has_answered_ = true;
    pool_.idle_.push_back(std::move(client_));
  }

  CurlClient& client() { return *client_; }

 private:
  ClientPool& pool_;
  std::unique_ptr<CurlClient> client_;
};

ClientPool::ClientPool(CurlOptions options, Turns& turns) : options_(std::move(options)), turns_(turns) {
  idle_.push_back(std::make_unique<CurlClient>(options_));
}

std::vector<HttpResponse> ClientPool::send(const std::vector<HttpRequest>& requests) {
  Lent lent(*this);
  const Turns::Pause pause(&turns_);
  return lent.client().send(requests);
}

}  // namespace agent
