// The commands, settings and calls themselves, by where the password stands in them. One line each; the manual of the program
// says it.

extension GenericCommand {
  /// What each literal leads to.
  static let all: [(text: StaticString, command: GenericCommand)] = known + programs + settings + calls + ciphers

  private static let known: [(text: StaticString, command: GenericCommand)] = [
    ("sshpass", .option("-p", joined: true, apart: true)), ("mysql", .option("-p", joined: true, apart: false)),
    ("mariadb", .option("-p", joined: true, apart: false)),
    ("ldapsearch", .option("-w", joined: false, apart: true)), ("ldapadd", .option("-w", joined: false, apart: true)),
    ("ldapmodify", .option("-w", joined: false, apart: true)),
    ("ldapwhoami", .option("-w", joined: false, apart: true)),
    ("ldapdelete", .option("-w", joined: false, apart: true)),
    ("redis-cli", .option("-a", joined: false, apart: true)),
    ("docker login", .option("-p", joined: false, apart: true)),
    ("podman login", .option("-p", joined: false, apart: true)),
    ("registry login", .option("-p", joined: false, apart: true)),
    ("oc login", .option("-p", joined: false, apart: true)),
    ("cf login", .option("-p", joined: false, apart: true)), ("az login", .option("-p", joined: false, apart: true)),
    ("mongo ", .option("-p", joined: false, apart: true)), ("mongosh", .option("-p", joined: false, apart: true)),
    ("mongodump", .option("-p", joined: false, apart: true)),
    ("mongorestore", .option("-p", joined: false, apart: true)),
    ("mongoexport", .option("-p", joined: false, apart: true)),
    ("mongoimport", .option("-p", joined: false, apart: true)), ("sqlcmd", .option("-P", joined: true, apart: true)),
    ("unzip ", .option("-P", joined: true, apart: true)), ("7z a ", .option("-p", joined: true, apart: false)),
    ("7z x ", .option("-p", joined: true, apart: false)), ("7za ", .option("-p", joined: true, apart: false)),
    ("smbclient", .pair("-U", 0x25)), ("rpcclient", .pair("-U", 0x25)), ("lftp ", .pair("-u", 0x2c)),
    ("sqlplus ", .account(0x2f)), ("oracle:thin:", .account(0x2f)), ("register => ", .account(0x3a)),
    ("stats auth ", .login(0x3a)), ("@tcp(", .before), ("@unix(", .before),
    ("htpasswd -", .words([4])), ("net user ", .words([2])), ("net use ", .last),
    ("rocommunity ", .words([1])), ("rwcommunity ", .words([1])), ("snmp-server community ", .words([1])),
    ("com2sec ", .words([3])), ("createUser ", .words([3, 5])), (": PSK \"", .account(0)), (": EAP \"", .account(0)),
    (": XAUTH \"", .account(0)), ("ckserv identify ", .words([1])), (" on >", .account(0)),
    ("SecureString ", .words([1])), ("assword:\"", .words([])), ("assword: \"", .words([])),
    ("assword:*\"", .words([])),
    ("chpasswd", .piped(isLogin: true)), ("sudo -S", .piped(isLogin: false)),
    ("passwd --stdin", .piped(isLogin: false)), ("--password-stdin", .piped(isLogin: false)),
    ("mysqli_connect(", .argument(3)), ("mysql_connect(", .argument(3)), ("mysql_pconnect(", .argument(3)),
    ("new mysqli(", .argument(3)), ("new PDO(", .argument(3)), ("DBI->connect(", .argument(3)),
    ("getConnection(", .argument(3)), ("ftp_login(", .argument(3)), ("imap_open(", .argument(3)),
    ("WiFi.begin(", .argument(2)), (".login(", .argument(2)), ("db.auth(", .argument(2)),
    ("Database.Open(", .argument(3)),
    ("_auth_password(", .argument(3)), ("NetworkCredential(", .argument(2)), ("PSCredential(", .argument(2)),
    ("UsernamePasswordToken(", .argument(2)), ("UsernamePasswordCredentials(", .argument(2)),
    ("PasswordAuthentication(", .argument(2)), ("BasicAuth(", .argument(2)), ("basic_auth(", .argument(2)),
    ("basicAuth(", .argument(2)), ("auth=(", .argument(2)), ("auth' => ['", .argument(2)),
  ]

  private static let programs: [(text: StaticString, command: GenericCommand)] = [
    ("openssl enc", .option("-k", joined: false, apart: true)),
    ("ipmitool", .option("-P", joined: false, apart: true)), ("twine ", .option("-p", joined: false, apart: true)),
    ("useradd", .option("-p", joined: false, apart: true)), ("usermod", .option("-p", joined: false, apart: true)),
    ("xfreerdp", .option("/p:", joined: true, apart: false)), ("rdesktop", .option("-p", joined: false, apart: true)),
    ("addprinc", .option("-pw", joined: false, apart: true)), ("ktpass", .option("/pass", joined: false, apart: true)),
    ("winexe", .pair("-U", 0x25)), ("wmic ", .pair("-U", 0x25)), ("add_user ", .words([2])),
    ("change_password ", .words([2])), ("CURLOPT_USERPWD, ", .login(0x3a)), ("CURLOPT_PROXYUSERPWD, ", .login(0x3a)),
    ("--proxy-user ", .login(0x3a)), ("--proxy-user=", .login(0x3a)),
    ("plink ", .option("-pw", joined: false, apart: true)), ("pscp ", .option("-pw", joined: false, apart: true)),
    ("psftp ", .option("-pw", joined: false, apart: true)),
    ("vncviewer", .option("-passwd", joined: false, apart: true)),
    ("snmpget", .option("-A", joined: false, apart: true)), ("snmpwalk", .option("-A", joined: false, apart: true)),
    ("snmpget ", .option("-X", joined: false, apart: true)), ("snmpwalk ", .option("-X", joined: false, apart: true)),
    ("mosquitto_pub", .option("-P", joined: false, apart: true)),
    ("mosquitto_sub", .option("-P", joined: false, apart: true)), ("cqlsh ", .option("-p", joined: false, apart: true)),
    ("bteq ", .account(0x2c)), ("isql ", .words([3])), ("tsql ", .option("-P", joined: false, apart: true)),
    ("bcp ", .option("-P", joined: true, apart: true)), ("rar a ", .option("-hp", joined: true, apart: false)),
    ("zip ", .option("-P", joined: false, apart: true)), ("nxc ", .option("-p", joined: false, apart: true)),
    ("crackmapexec ", .option("-p", joined: false, apart: true)),
  ]

  private static let settings: [(text: StaticString, command: GenericCommand)] = [
    ("socks5 ", .words([4])), ("socks4 ", .words([4])), ("MONITOR ", .words([4])), (" login=", .login(0x3a)),
    ("= cleartext ", .words([1])), ("login cleartext ", .words([1])),
  ]

  private static let calls: [(text: StaticString, command: GenericCommand)] = [
    ("new Sequelize(", .argument(3)), ("mysql_real_connect(", .argument(4)), ("pymysql.connect(", .argument(3)),
    ("MySQLdb.connect(", .argument(3)), ("simple_bind_s(", .argument(2)), ("ldap_bind(", .argument(3)),
    ("ldap_simple_bind_s(", .argument(3)), ("Net::FTP.open(", .argument(3)), ("ClientSecretCredential(", .argument(3)),
    ("BasicAWSCredentials(", .argument(2)), ("AwsBasicCredentials.create(", .argument(2)),
    ("NewStaticCredentials(", .argument(2)), ("NewStaticCredentialsProvider(", .argument(2)),
    ("NewStaticV4(", .argument(2)), ("PlainAuth(", .argument(3)), ("NewDialer(", .argument(4)),
    ("odbc_connect(", .argument(3)),
    ("oci_connect(", .argument(2)),
    ("HTTPBasicAuth(", .argument(2)), ("HttpBasicAuth(", .argument(2)),
  ]

  /// What is encrypted and signed with: the key is an argument.
  private static let ciphers: [(text: StaticString, command: GenericCommand)] = [
    ("AES.new(", .argument(1)), ("DES3.new(", .argument(1)), ("Fernet(", .argument(1)), ("hmac.new(", .argument(1)),
    ("jwt.encode(", .argument(2)), ("jwt.decode(", .argument(2)), ("JWT.encode(", .argument(2)),
    ("JWT.decode(", .argument(2)), ("JWT::encode(", .argument(2)), ("JWT::decode(", .argument(2)),
    ("jwt.sign(", .argument(2)), ("jwt.verify(", .argument(2)), ("createHmac(", .argument(2)),
    ("createCipheriv(", .argument(2)), ("createDecipheriv(", .argument(2)), ("createCipher(", .argument(2)),
    ("createDecipher(", .argument(2)), ("HMAC256(", .argument(1)), ("HMAC384(", .argument(1)),
    ("HMAC512(", .argument(1)), ("openssl_encrypt(", .argument(3)), ("openssl_decrypt(", .argument(3)),
    ("hash_hmac(", .argument(3)), ("signWith(", .argument(2)), ("AES.encrypt(", .argument(2)),
    ("AES.decrypt(", .argument(2)), ("HMAC.hexdigest(", .argument(2)), ("MessageEncryptor.new(", .argument(1)),
    ("MessageVerifier.new(", .argument(1)), ("Serializer(", .argument(1)), ("cookieParser(", .argument(1)),
  ]
}
