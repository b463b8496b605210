// The words in which the object store speaks: kinds, failures, limits, what a visitor is told. Holds no behaviour.

public import Model

/// What an object is.
public enum ObjectKind: UInt8, Sendable, CaseIterable {
  /// A commit.
  case commit = 1
  /// A tree: one directory's entries.
  case tree = 2
  /// A blob: a file's content.
  case blob = 3
  /// An annotated tag.
  case tag = 4
}

/// An object that could not be read, and why. Other objects are not affected.
public struct ObjectFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kept the object from being read.
  public enum Reason: String, Sendable {
    /// It is not in the object database.
    case missing
    /// Its stored form can't be decoded.
    case corrupt
    /// It is larger than the limit that the caller set.
    case tooLarge = "too-large"
    /// The base that its delta needs is missing, corrupt or too large.
    case base
    /// The repository as a whole unpacks to more than the limit allows: a bomb, or a very unusual repository.
    case expansion
    /// The file that holds it could not be read.
    case unreadable
  }

  /// The object, if an id is known (a damaged pack or directory as a whole has none).
  public var id: ObjectID?
  /// What kept it from being read.
  public var reason: Reason
  /// One phrase for people.
  public var detail: String

  /// A failure as given.
  public init(id: ObjectID?, reason: Reason, detail: String) {
    self.id = id
    self.reason = reason
    self.detail = detail
  }

  /// `object <id>: <detail>`.
  public var description: String { (id.map { "object \($0): " } ?? "") + detail }
}

/// How much the store may use. Every figure bounds something that a hostile repository controls.
public struct ObjectStoreLimits: Sendable {
  /// Objects larger than this many bytes are reported as too large and not unpacked.
  public var maximumObjectBytes = 64 << 20
  /// Bytes of unpacked objects that one thread holds for the deltas that are still to come; beyond it they are
  /// dropped and unpacked again when needed. One object and the delta under way come on top.
  public var maximumHeldBytes = 128 << 20
  /// Bytes of delta bases that one ``StoreReader`` keeps.
  public var maximumCachedBytes = 32 << 20
  /// Deltas between an object and the full object it rests on. Git's own limit is 4,095.
  public var maximumDeltaDepth = 4_096
  /// A walk may unpack this many bytes, and ``maximumExpansionFactor`` times the packs' size on top.
  public var maximumExpansionBytes = 4 << 30
  /// See ``maximumExpansionBytes``. Real histories stay under fifty.
  public var maximumExpansionFactor = 1_000
  /// Objects in one pack; each costs the walk about 50 bytes of memory.
  public var maximumObjectsPerPack = 1 << 26
  /// Packs in all object directories together.
  public var maximumPacks = 4_096
  /// Object directories: the repository's own and its alternates, whose depth this bounds, too.
  public var maximumDirectories = 64

  /// The defaults.
  public init() {}
}

/// How an object comes from its parent: the copies, in the object's order, joined where one continues the other.
/// Whatever lies between them is new.
public struct DeltaRuns: Sendable {
  /// The parent's id.
  public internal(set) var parent: ObjectID
  /// The copies, ascending and without overlap in the object.
  public internal(set) var copies: [CopyRun] = []
  /// The object's size in bytes.
  public internal(set) var count = 0

  /// The ranges of the object that are not copied from the parent, ascending, none of them empty.
  public func forEachInserted(_ body: (Range<Int>) -> Void) {
    var end = 0
    for copy in copies {
      if copy.offset > end { body(end..<copy.offset) }
      end = copy.offset + copy.count
    }
    if count > end { body(end..<count) }
  }
}

/// An object that a walk has unpacked.
public struct StoredObject: Sendable {
  /// Its id.
  public var id: ObjectID
  /// What it is.
  public var kind: ObjectKind
  /// Whether it lies in a cruft pack: kept for a while, but reached from nothing when the pack was written.
  public var isCruft: Bool
}

/// The state of a visitor that keeps nothing.
public final class NoState {}

/// What takes the objects of a walk. Each thread has a visitor of its own.
public protocol ObjectVisitor: SendableMetatype {
  /// What the visitor keeps of an object for the deltas that rest on it, such as what it found there. A class, so that
  /// the walk itself need not be compiled for each visitor.
  associatedtype State: AnyObject

  /// An object has been unpacked.
  ///
  /// - Parameters:
  ///   - object: which one.
  ///   - bytes: its content, valid during the call only.
  ///   - delta: how it comes from its parent; nil for an object that is stored whole.
  ///   - parent: what this method returned for the parent; nil also where the parent was not asked for, could not be
  ///     visited here, or was visited in another place.
  /// - Returns: what the object's own deltas are told; dropped when the last of them is done.
  mutating func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: State?) -> State?

  /// An object that was asked for can't be had; the walk goes on.
  mutating func failed(_ failure: ObjectFailure)
}

/// What a walk unpacks.
public struct ObjectSelection: Sendable {
  /// The kinds that are visited.
  public var kinds: Set<ObjectKind>
  /// Asked once for each object of these kinds before anything is unpacked, from one thread; false leaves it out. The
  /// default takes all.
  public var includes: (@Sendable (ObjectID, ObjectKind) -> Bool)?
  /// Objects that need not be looked at, because the caller knows them: they are neither unpacked nor asked about, and a pack
  /// of nothing else is not opened up. Asked from one thread. The default knows none.
  public var skips: (@Sendable (ObjectID) -> Bool)?
  /// Whether each object's content is hashed and compared with its id.
  public var verifies: Bool
  /// Whether visitors are told of the copies in deltas; a walk without them is a little faster.
  public var wantsRuns: Bool

  /// A selection as given.
  public init(
    kinds: Set<ObjectKind> = Set(ObjectKind.allCases), verifies: Bool = false, wantsRuns: Bool = true,
    skips: (@Sendable (ObjectID) -> Bool)? = nil, includes: (@Sendable (ObjectID, ObjectKind) -> Bool)? = nil
  ) {
    self.kinds = kinds
    self.verifies = verifies
    self.wantsRuns = wantsRuns
    self.includes = includes
    self.skips = skips
  }
}
