// One handle of libcurl: every option that is set, and what its failures mean.

internal import Ccurl
internal import Glibc
internal import Secrets

/// A handle for one request; freed with it.
@safe struct CurlCall: ~Copyable {
  private let library: CurlLibrary
  private let handle: UnsafeMutableRawPointer
  private var refused: CURLcode = CURLE_OK

  init?(_ library: CurlLibrary) {
    guard let handle = unsafe library.initialise() else { return nil }
    self.library = library
    unsafe self.handle = handle
  }

  deinit { unsafe library.cleanUp(handle) }

  /// Sends the request and collects the response in `exchange`.
  mutating func run(
    _ request: HTTPRequest, _ address: WebAddress, _ policy: EgressPolicy, proxy: String, _ lines: inout HeaderLines,
    _ exchange: Exchange
  ) -> (CURLcode, status: Int) {
    setSafety(address, policy, proxy)
    setTimes(request)
    setMethod(request)
    setCallbacks(exchange)
    setAddress(request)
    let code = unsafe lines.withList { list in
      unsafe note(keywright_curl_set_pointer(library.setOption, handle, CURLOPT_HTTPHEADER, list))
      guard let body = request.body else { return perform() }
      return body.withBytes { bytes in
        unsafe bytes.withUnsafeBufferPointer { buffer in
          // Not copied: libcurl reads the secret's own memory, which outlives the call.
          set(CURLOPT_POSTFIELDSIZE_LARGE, size: buffer.count)
          unsafe note(
            keywright_curl_set_pointer(library.setOption, handle, CURLOPT_POSTFIELDS, buffer.baseAddress ?? emptyBody))
          return perform()
        }
      }
    }
    var status = 0
    _ = unsafe keywright_curl_get_long(library.getInformation, handle, CURLINFO_RESPONSE_CODE, &status)
    return (code, status)
  }

  /// What went wrong, in words.
  func error(_ code: CURLcode, _ exchange: Exchange) -> TransportError {
    let host = exchange.address.authority
    let reason =
      switch code {
      case _ where exchange.excess != nil: exchange.excess ?? ""
      case CURLE_FILESIZE_EXCEEDED: "the response is larger than \(exchange.maximumBytes) bytes"
      case CURLE_COULDNT_RESOLVE_HOST: "\(exchange.address.host) could not be resolved"
      case CURLE_COULDNT_RESOLVE_PROXY: "the proxy of the environment could not be resolved"
      case CURLE_COULDNT_CONNECT where exchange.objection != nil: exchange.objection ?? ""
      case CURLE_COULDNT_CONNECT where exchange.isProxied:
        "\(host) could not be reached through the proxy of the environment"
      case CURLE_COULDNT_CONNECT: "\(host) could not be connected to"
      case CURLE_OPERATION_TIMEDOUT where exchange.begun: "\(host) did not answer in time"
      case CURLE_OPERATION_TIMEDOUT: "\(host) could not be connected to in time"
      case CURLE_PEER_FAILED_VERIFICATION: "the certificate of \(host) is not trusted, or is not for that name"
      case CURLE_SSL_CACERT_BADFILE: "the file of trusted certificates can't be read"
      case CURLE_SSL_CONNECT_ERROR: "no secure connection to \(host) could be made"
      case CURLE_GOT_NOTHING: "\(host) closed the connection without an answer"
      case CURLE_PARTIAL_FILE: "\(host) closed the connection in the middle of its answer"
      case CURLE_UNKNOWN_OPTION: "the libcurl of this machine is too old: 7.85 is needed"
      case CURLE_SEND_ERROR, CURLE_RECV_ERROR: "the connection to \(host) broke"
      default: "\(host) could not be asked: \(explanation(code))"
      }
    return TransportError(fate: exchange.begun ? .unknown : .notSent, reason: reason)
  }

  private func explanation(_ code: CURLcode) -> String {
    guard let text = unsafe library.explain(code) else { return "libcurl's error \(code.rawValue)" }
    return unsafe String(cString: text).lowercased()
  }

  private func perform() -> CURLcode {
    // An option that was not taken might have been the one that keeps us safe.
    refused == CURLE_OK ? unsafe library.perform(handle) : refused
  }

  // MARK: - Options

  private mutating func setSafety(_ address: WebAddress, _ policy: EgressPolicy, _ proxy: String) {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_VERBOSE, 0)
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    set(CURLOPT_SSLVERSION, 6)  // CURL_SSLVERSION_TLSv1_2, an enumeration without a type of its own.
    if let bundle = policy.certificateBundle { set(CURLOPT_CAINFO, bundle) }
    set(CURLOPT_FOLLOWLOCATION, 0)
    // The scheme that was checked, and no other.
    set(CURLOPT_PROTOCOLS_STR, address.scheme)
    // One request, one connection. HTTP/2 would let libcurl send a refused stream's request a second time.
    set(CURLOPT_HTTP_VERSION, 2)  // CURL_HTTP_VERSION_1_1, likewise.
    set(CURLOPT_FRESH_CONNECT, 1)
    set(CURLOPT_FORBID_REUSE, 1)
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_NETRC, 0)
    // Empty where there is none: an option that is not set would be looked up in the environment.
    set(CURLOPT_PROXY, proxy)
    set(CURLOPT_NOPROXY, "")
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
  }

  private mutating func setAddress(_ request: HTTPRequest) {
    guard let secret = request.urlSecret else { return set(CURLOPT_URL, request.url) }
    var bytes = AddressWriter.bytes(request.url, secret)
    defer { wipe(&bytes) }
    // libcurl takes a copy, which is beyond our reach.
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe note(keywright_curl_set_pointer(library.setOption, handle, CURLOPT_URL, buffer.baseAddress))
    }
  }

  private mutating func setTimes(_ request: HTTPRequest) {
    let whole = max(1, Int(request.timeoutSeconds * 1_000))
    set(CURLOPT_TIMEOUT_MS, whole)
    set(CURLOPT_CONNECTTIMEOUT_MS, min(whole, Int(CurlTransport.connectTimeoutSeconds * 1_000)))
    set(CURLOPT_MAXFILESIZE_LARGE, size: max(1, request.maximumResponseBytes))
  }

  private mutating func setMethod(_ request: HTTPRequest) {
    switch request.method {
    case "HEAD": set(CURLOPT_NOBODY, 1)
    case "GET" where request.body == nil: set(CURLOPT_HTTPGET, 1)
    default:
      if request.body != nil || request.method != "DELETE" {
        // With a length even where there is no body: some servers insist on one.
        set(CURLOPT_POST, 1)
        if request.body == nil {
          set(CURLOPT_POSTFIELDSIZE_LARGE, size: 0)
          unsafe note(keywright_curl_set_pointer(library.setOption, handle, CURLOPT_POSTFIELDS, emptyBody))
        }
      }
      set(CURLOPT_CUSTOMREQUEST, request.method)
    }
  }

  private mutating func setCallbacks(_ exchange: Exchange) {
    // Not retained: the exchange outlives the call that uses it.
    let context = unsafe UnsafeRawPointer(Unmanaged.passUnretained(exchange).toOpaque())
    for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA] {
      unsafe note(keywright_curl_set_pointer(library.setOption, handle, option, context))
    }
    unsafe note(keywright_curl_set_writer(library.setOption, handle, CURLOPT_WRITEFUNCTION, curlDidReceive))
    unsafe note(keywright_curl_set_writer(library.setOption, handle, CURLOPT_HEADERFUNCTION, curlDidReceiveHeader))
    unsafe note(keywright_curl_set_opener(library.setOption, handle, curlWillConnect))
    unsafe note(keywright_curl_set_prerequest(library.setOption, handle, curlWillSend))
  }

  private mutating func set(_ option: CURLoption, _ value: Int) {
    unsafe note(keywright_curl_set_long(library.setOption, handle, option, value))
  }

  private mutating func set(_ option: CURLoption, size: Int) {
    unsafe note(keywright_curl_set_size(library.setOption, handle, option, curl_off_t(size)))
  }

  private mutating func set(_ option: CURLoption, _ text: String) {
    unsafe text.withCString { text in
      unsafe note(keywright_curl_set_pointer(library.setOption, handle, option, text))
    }
  }

  private mutating func note(_ code: CURLcode) {
    if code != CURLE_OK && refused == CURLE_OK { refused = code }
  }
}

/// Something for libcurl to point to where a body has no bytes: a null pointer would mean that it should ask for them.
private var emptyBody: UnsafePointer<UInt8> { unsafe ("\0" as StaticString).utf8Start }
