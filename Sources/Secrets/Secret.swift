// Owns the one type in which a credential's bytes may be kept or passed on.
// It refuses to print, hash, encode or compare them in any way that shows or times them.

internal import Csodium

/// A credential's bytes: zeroed when the last reference is dropped, compared in constant time, printed redacted.
///
/// The bytes lie in ordinary heap memory (libsodium's guarded pages are few and slow: about 16,000 live ones exhaust
/// the kernel's mappings). What libcurl, SQLite or the kernel copy while a value passes through them is not zeroed.
@safe public final class Secret: Sendable {
  private nonisolated(unsafe) let storage: UnsafeMutableBufferPointer<UInt8>

  /// Copies `bytes`; the caller keeps, and is responsible for, the original.
  public init(copying bytes: Span<UInt8>) {
    unsafe storage = .allocate(capacity: bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      _ = unsafe storage.initialize(from: source)
    }
  }

  /// Copies the array's bytes.
  public convenience init(_ bytes: [UInt8]) {
    self.init(copying: bytes.span)
  }

  /// Copies the text's UTF-8 bytes. The text itself can't be zeroed: use it where a library leaves no other way.
  public convenience init(_ text: String) {
    self.init(Array(text.utf8))
  }

  deinit {
    if let base = unsafe storage.baseAddress { unsafe sodium_memzero(base, storage.count) }
    unsafe storage.deallocate()
  }

  /// The number of bytes.
  public var count: Int { unsafe storage.count }

  /// Lends the bytes for the length of a call. Copies made inside are the caller's to zero.
  public func withBytes<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try unsafe body(UnsafeBufferPointer(storage).span)
  }

  /// A copy of the bytes, for the few interfaces that take an array (a request body, a file's new contents).
  public func copyBytes() -> [UInt8] {
    unsafe Array(storage)
  }

  /// The first characters of a value that is long enough to spare them, and its length: enough to recognise, not to use.
  ///
  /// At most four characters, and never more than an eighth of the value, are shown.
  public var redacted: String {
    let shown = min(4, count / 8)
    let head = unsafe storage.prefix(shown).map { (0x21...0x7e).contains($0) ? Character(Unicode.Scalar($0)) : "?" }
    return String(head) + "…(\(count))"
  }

  /// Whether `other` holds the same bytes; the time taken depends on the lengths only.
  public func matches(_ other: Span<UInt8>) -> Bool {
    guard other.count == count else { return false }
    if count == 0 { return true }
    return unsafe other.withUnsafeBufferPointer { right in
      guard let a = unsafe storage.baseAddress, let b = right.baseAddress else { return false }
      return unsafe sodium_memcmp(a, b, count) == 0
    }
  }
}

extension Secret: Equatable {
  /// Constant-time comparison.
  public static func == (left: Secret, right: Secret) -> Bool {
    right.withBytes { left.matches($0) }
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The redacted form.
  public var description: String { redacted }
  /// The redacted form.
  public var debugDescription: String { redacted }
  /// No children: a dump of a value that holds a secret shows nothing of it.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
