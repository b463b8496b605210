// HTTP over libcurl: one connection for one request, and an exact answer to whether the request left this machine.

internal import Ccurl
internal import Glibc

/// Carries requests with libcurl. It may be used by many threads at once.
///
/// Certificates are verified, redirects are not followed, nothing is retried, no connection is used twice, and nothing is
/// logged. Headers and bodies of requests are wiped from our memory afterwards; libcurl's own buffers are not.
public struct CurlTransport: HTTPTransport {
  private let policy: EgressPolicy
  /// The longest that connecting may take, in seconds.
  static let connectTimeoutSeconds: Double = 15

  /// A transport that goes where `policy` lets it.
  public init(policy: EgressPolicy = EgressPolicy()) { self.policy = policy }

  /// Sends one request and returns its response, whatever its status.
  ///
  /// - Throws: ``TransportError``; its fate is ``TransportError/Fate/notSent`` exactly as long as no connection was ready
  ///   for the request.
  public func send(_ request: HTTPRequest) throws(TransportError) -> HTTPResponse {
    let address = try check(request)
    let library = try CurlLibrary.shared.get()
    let proxy = policy.proxy(for: address)
    let exchange = Exchange(
      policy: policy, address: address, isProxied: proxy != nil, maximumBytes: max(0, request.maximumResponseBytes))
    guard var call = CurlCall(library) else {
      throw TransportError(fate: .notSent, reason: "libcurl has no memory for a request")
    }
    var lines = try HeaderLines(request)
    let (code, status) = withoutBrokenPipeSignals {
      call.run(request, address, policy, proxy: proxy ?? "", &lines, exchange)
    }
    lines.wipeNow()
    guard code == CURLE_OK else {
      var error = call.error(code, exchange)
      if error.fate == .unknown { error.partial = exchange.takePartial(status) }
      throw error
    }
    guard exchange.headersAreWhole else {
      throw TransportError(
        fate: .unknown, reason: "\(address.host) closed the connection in the middle of its answer",
        partial: exchange.takePartial(status))
    }
    guard (200...599).contains(status) else {
      throw TransportError(fate: .unknown, reason: "\(address.host) answered with the status \(status), which is none")
    }
    return HTTPResponse(status: status, headers: exchange.headers, body: exchange.takeBody())
  }

  private func check(_ request: HTTPRequest) throws(TransportError) -> WebAddress {
    func refuse(_ reason: String) -> TransportError { TransportError(fate: .notSent, reason: reason) }
    guard let address = WebAddress(request.url) else {
      throw refuse("the address is not a plain http or https address without user information and fragment")
    }
    guard ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(request.method) else {
      throw refuse("'\(request.method)' is no method that can be sent")
    }
    guard request.timeoutSeconds > 0, request.timeoutSeconds <= 3_600 else {
      throw refuse("the time allowed must be above 0 and at most 3,600 seconds")
    }
    if let why = policy.objection(to: address) { throw refuse(why) }
    return address
  }

  /// Some TLS libraries below libcurl write to closed connections without asking for no signal.
  private func withoutBrokenPipeSignals<R>(_ body: () -> R) -> R {
    var pipe = sigset_t()
    var before = sigset_t()
    var pending = sigset_t()
    unsafe sigemptyset(&pipe)
    unsafe sigaddset(&pipe, SIGPIPE)
    let wasPending = unsafe sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1
    unsafe pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer {
      if !wasPending {
        var noTime = timespec()
        while unsafe sigtimedwait(&pipe, nil, &noTime) == -1 && errno == EINTR {}
      }
      unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    return body()
  }
}
