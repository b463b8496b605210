// Which libcurl is at work, for people who ask what is wrong.

internal import Ccurl
internal import Glibc

/// The library that carries requests.
public enum TransportLibrary {
  /// Its version and that of its TLS library, or why it can't be used.
  public static var version: Result<String, TransportError> {
    CurlLibrary.shared.map { _ in
      typealias Version = @convention(c) () -> UnsafePointer<CChar>?
      let names = ["libcurl.so.4", "libcurl-gnutls.so.4"]
      guard let library = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
        let symbol = unsafe dlsym(library, "curl_version"),
        let text = unsafe unsafeBitCast(symbol, to: Version.self)()
      else { return "opened, but it does not say its version" }
      let words = unsafe String(cString: text).split(separator: " ")
      return words.prefix(2).joined(separator: " ")
    }
  }
}
