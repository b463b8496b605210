// How an object comes from another one: the stretches that it takes over unchanged.

/// A stretch of an object's bytes that its delta takes unchanged from its parent.
public struct CopyRun: Sendable, Hashable {
  /// Where the stretch begins in the parent.
  public var baseOffset: Int
  /// Where it begins in the object.
  public var offset: Int
  /// Its length in bytes, more than zero.
  public var count: Int

  /// A run as given.
  public init(baseOffset: Int, offset: Int, count: Int) {
    self.baseOffset = baseOffset
    self.offset = offset
    self.count = count
  }

  /// The stretch of the object.
  public var range: Range<Int> { offset..<offset + count }
}
