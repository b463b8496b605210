// libcurl, opened when the first request is made: linked, it would cost every start of the program five milliseconds.

internal import Ccurl
internal import Glibc

/// The functions of libcurl that are used.
@safe struct CurlLibrary: Sendable {
  typealias Initialise = @convention(c) () -> UnsafeMutableRawPointer?
  typealias Act = @convention(c) (UnsafeMutableRawPointer?) -> CURLcode
  typealias Release = @convention(c) (UnsafeMutableRawPointer?) -> Void
  typealias Explain = @convention(c) (CURLcode) -> UnsafePointer<CChar>?

  typealias Send =
    @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int, UnsafeMutablePointer<Int>?) -> CURLcode
  typealias Receive =
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<Int>?) -> CURLcode

  let initialise: Initialise
  let perform: Act
  let cleanUp: Release
  let explain: Explain
  let sendBytes: Send
  let receiveBytes: Receive
  // Addresses of code: they are never written through.
  nonisolated(unsafe) let setOption: UnsafeMutableRawPointer
  nonisolated(unsafe) let getInformation: UnsafeMutableRawPointer

  /// The library, or why it can't be used.
  static let shared: Result<CurlLibrary, TransportError> = open()

  private static func open() -> Result<CurlLibrary, TransportError> {
    func failure(_ reason: String) -> Result<CurlLibrary, TransportError> {
      .failure(TransportError(fate: .notSent, reason: reason))
    }
    let names = ["libcurl.so.4", "libcurl-gnutls.so.4"]
    guard let library = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
      return failure("libcurl could not be opened (Debian's package libcurl4 has it)")
    }
    typealias Start = @convention(c) (Int) -> CURLcode
    guard let start = unsafe dlsym(library, "curl_global_init"),
      let initialise = unsafe dlsym(library, "curl_easy_init"),
      let perform = unsafe dlsym(library, "curl_easy_perform"),
      let cleanUp = unsafe dlsym(library, "curl_easy_cleanup"),
      let explain = unsafe dlsym(library, "curl_easy_strerror"),
      let sendBytes = unsafe dlsym(library, "curl_easy_send"),
      let receiveBytes = unsafe dlsym(library, "curl_easy_recv"),
      let setOption = unsafe dlsym(library, "curl_easy_setopt"),
      let getInformation = unsafe dlsym(library, "curl_easy_getinfo")
    else { return failure("libcurl lacks functions that are needed") }
    // CURL_GLOBAL_ALL; the macro is an expression that is not imported.
    guard unsafe unsafeBitCast(start, to: Start.self)(3) == CURLE_OK else {
      return failure("libcurl could not be initialised")
    }
    return unsafe .success(
      CurlLibrary(
        initialise: unsafeBitCast(initialise, to: Initialise.self), perform: unsafeBitCast(perform, to: Act.self),
        cleanUp: unsafeBitCast(cleanUp, to: Release.self), explain: unsafeBitCast(explain, to: Explain.self),
        sendBytes: unsafeBitCast(sendBytes, to: Send.self), receiveBytes: unsafeBitCast(receiveBytes, to: Receive.self),
        setOption: setOption, getInformation: getInformation))
  }
}
