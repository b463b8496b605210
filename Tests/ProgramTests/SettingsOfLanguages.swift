// How the most used languages hold a password or a key: literals, arguments, fields, defaults, strings of connections.

let languageFiles: [SettingsFile] = [
  SettingsFile(
    "languages/service.py",
    #"""
    import os
    PASSWORD = os.getenv("DB_PASSWORD", "«!strong»")
    TOKEN = os.environ.get('API_TOKEN', '«!base62:40»')
    KEY = config("SECRET_KEY", default="«!base62:50»")
    conn = psycopg2.connect(host="db", user="«user»", password="«!password»")
    engine = create_engine("postgresql+psycopg2://«user»:«!strong»@db.«host»/shop")
    client = Client(api_key="«!base62:32»", timeout=30)
    settings = {"user": "«user»", "password": "«!password»", "port": 5432}
    settings["password"] = "«!password»"
    settings.update(dict(password='«!password»'))
    key = bytes.fromhex("«!hex:64»")
    cipher = AES.new(b"«!strong»", AES.MODE_CBC, b"0000000000000000")
    jwt.encode(payload, "«!base62:32»", algorithm="HS256")
    server.login("«user»@«host»", "«!strong»")
    ssh.connect("10.0.0.1", username="«user»", password="«!password»")
    requests.get(url, headers={"Authorization": "Bearer «!base62:40»"})
    parser.add_argument("--password", default="«!strong»")
    secret_key: str = "«!base62:40»"
    self.password = "«!password»"
    app.config["SECRET_KEY"] = "«!base62:24»"
    os.environ["API_SECRET"] = "«!base62:32»"
    """#),
  SettingsFile(
    "languages/service.js",
    #"""
    const password = process.env.DB_PASSWORD || '«!strong»';
    const token = process.env.API_TOKEN ?? "«!base62:40»";
    const pool = new Pool({ host: 'db', user: '«user»', password: '«!password»' });
    const transporter = nodemailer.createTransport({ auth: { user: '«user»', pass: '«!password»' } });
    app.use(session({ secret: '«!base62:24»', resave: false }));
    const sequelize = new Sequelize('shop', '«user»', '«!strong»', { host: 'db' });
    jwt.sign({ id }, '«!base62:32»', { expiresIn: '1h' });
    axios.defaults.headers.common['Authorization'] = 'Bearer «!base62:40»';
    fetch(url, { headers: { 'X-Api-Key': '«!base62:32»' } });
    module.exports = { jwtSecret: "«!base62:32»", db: `mongodb://«user»:«!strong»@db.«host»/shop` };
    config.password = "«!password»";
    crypto.createHmac('sha256', '«!base62:32»').update(body).digest('hex');
    export const API_KEY: string = "«!base62:32»";
    client.auth("«!strong»");
    """#),
  SettingsFile(
    "languages/Service.java",
    #"""
    private static final String DB_PASSWORD = "«!password»";
    @Value("${db.password:«!strong»}") private String password;
    dataSource.setPassword("«!password»");
    Connection c = DriverManager.getConnection("jdbc:mysql://db/shop", "«user»", "«!strong»");
    Connection d = DriverManager.getConnection("jdbc:mysql://db/shop?user=«user»&password=«!strong»");
    props.put("password", "«!password»");
    props.setProperty("mail.smtp.password", "«!password»");
    SecretKeySpec key = new SecretKeySpec("«!strong»".getBytes(), "AES");
    PBEKeySpec spec = new PBEKeySpec("«!strong»".toCharArray(), salt, 1000, 256);
    Algorithm algorithm = Algorithm.HMAC256("«!base62:32»");
    String apiKey = System.getenv().getOrDefault("API_KEY", "«!base62:32»");
    String secret = Optional.ofNullable(System.getenv("SECRET")).orElse("«!base62:32»");
    char[] storePassword = "«!password»".toCharArray();
    Config config = Config.builder().username("«user»").password("«!password»").build();
    auth.inMemoryAuthentication().withUser("«user»").password("«!password»").roles("ADMIN");
    """#),
  SettingsFile(
    "languages/Service.cs",
    #"""
    private const string ConnectionString = "Server=db;Database=shop;User Id=«user»;Password=«!password»;";
    var builder = new SqlConnectionStringBuilder { UserID = "«user»", Password = "«!password»" };
    public string ApiKey { get; set; } = "«!base62:32»";
    client.Credentials = new NetworkCredential("«user»", "«!strong»");
    var key = Encoding.UTF8.GetBytes("«!base62:32»");
    options.ClientSecret = "«!base62:40»";
    string password = Environment.GetEnvironmentVariable("DB_PASSWORD") ?? "«!strong»";
    var cn = new OdbcConnection("Driver={SQL Server};Server=db;Uid=«user»;Pwd=«!password»;");
    """#),
  SettingsFile(
    "languages/service.go",
    #"""
    const dbPassword = "«!password»"
    var apiKey = []byte("«!base62:32»")
    cfg := Config{User: "«user»", Password: "«!password»", Port: 5432}
    db, err := sql.Open("mysql", "«user»:«!strong»@tcp(db:3306)/shop")
    dsn := "host=db user=«user» password=«!strong» dbname=shop sslmode=disable"
    flag.StringVar(&password, "password", "«!strong»", "database password")
    req.SetBasicAuth("«user»", "«!strong»")
    req.Header.Set("Authorization", "Bearer «!base62:40»")
    os.Setenv("API_SECRET", "«!base62:32»")
    viper.SetDefault("jwt.secret", "«!base62:32»")
    rdb := redis.NewClient(&redis.Options{Addr: "cache:6379", Password: "«!password»"})
    key, _ := hex.DecodeString("«!hex:64»")
    """#),
  SettingsFile(
    "languages/service.rb",
    #"""
    PASSWORD = ENV.fetch("DB_PASSWORD", "«!strong»")
    TOKEN = ENV['API_TOKEN'] || '«!base62:40»'
    KEY = ENV.fetch("API_KEY") { "«!base62:32»" }
    client = Mysql2::Client.new(host: "db", username: "«user»", password: "«!password»")
    config.secret_key_base = '«!hex:128»'
    Stripe.api_key = "«!base62:32»"
    { :user => "«user»", :password => "«!password»" }
    http_basic_authenticate_with name: "«user»", password: "«!password»"
    JWT.encode(payload, "«!base62:32»", "HS256")
    """#),
  SettingsFile(
    "languages/service.php",
    #"""
    <?php
    define('DB_PASSWORD', '«!password»');
    $password = getenv('DB_PASSWORD') ?: '«!strong»';
    'password' => env('DB_PASSWORD', '«!strong»'),
    $pdo = new PDO('mysql:host=db;dbname=shop', '«user»', '«!strong»');
    $mail->Password = '«!password»';
    $config['encryption_key'] = '«!base62:32»';
    const API_KEY = '«!base62:32»';
    curl_setopt($ch, CURLOPT_USERPWD, "«user»:«!strong»");
    $conn = mysqli_connect("db", "«user»", "«!strong»", "shop");
    $client->setClientSecret('«!base62:40»');
    openssl_encrypt($data, 'aes-256-cbc', '«!base62:32»', 0, $iv);
    """#),
  SettingsFile(
    "languages/service.rs",
    #"""
    const API_KEY: &str = "«!base62:32»";
    let password = String::from("«!password»");
    let token = std::env::var("API_TOKEN").unwrap_or("«!base62:40»".to_string());
    let secret = env::var("SECRET").unwrap_or_else(|_| "«!base62:32»".into());
    let cfg = Config { user: "«user»".to_string(), password: "«!password»".to_string() };
    static JWT_SECRET: &[u8] = b"«!base62:32»";
    let pool = PgPool::connect("postgres://«user»:«!strong»@db.«host»/shop").await?;
    """#),
  SettingsFile(
    "languages/service.cpp",
    #"""
    #define WIFI_PASSWORD "«!password»"
    static const char *api_key = "«!base62:32»";
    const std::string password{"«!password»"};
    mysql_real_connect(conn, "db", "«user»", "«!strong»", "shop", 0, NULL, 0);
    curl_easy_setopt(curl, CURLOPT_USERPWD, "«user»:«!strong»");
    static const unsigned char secret_key[16] = { «!bytes:16» };
    char ssid[] = "office"; char pass[] = "«!password»";
    """#),
  SettingsFile(
    "languages/Service.swift",
    #"""
    let password = "«!password»"
    static let apiKey: String = "«!base62:32»"
    let token = ProcessInfo.processInfo.environment["API_TOKEN"] ?? "«!base62:40»"
    let client = Client(host: "db", username: "«user»", password: "«!password»")
    request.setValue("Bearer «!base62:40»", forHTTPHeaderField: "Authorization")
    """#),
  SettingsFile(
    "languages/Service.kt",
    #"""
    const val API_KEY = "«!base62:32»"
    private val password: String = "«!password»"
    val token = System.getenv("API_TOKEN") ?: "«!base62:40»"
    val config = HikariConfig().apply { username = "«user»"; password = "«!password»" }
    """#),
  SettingsFile(
    "languages/service.lua",
    #"""
    local password = "«!password»"
    local db = { host = "db", user = "«user»", password = "«!password»" }
    redis:auth("«!strong»")
    """#),
  SettingsFile(
    "languages/service.pl",
    #"""
    my $password = '«!password»';
    my %config = (user => '«user»', password => '«!password»');
    my $dbh = DBI->connect("dbi:mysql:shop", "«user»", "«!strong»");
    $ENV{API_SECRET} = '«!base62:32»';
    """#),
  SettingsFile(
    "languages/service.ex",
    #"""
    config :shop, Shop.Repo, username: "«user»", password: "«!password»"
    secret_key_base: "«!base62:64»",
    @api_key "«!base62:32»"
    token = System.get_env("API_TOKEN", "«!base62:40»")
    """#),
  SettingsFile(
    "languages/service.R",
    #"""
    password <- "«!password»"
    con <- dbConnect(RMySQL::MySQL(), user = "«user»", password = "«!password»")
    Sys.setenv(API_SECRET = "«!base62:32»")
    """#),
  SettingsFile(
    "languages/service.sql",
    #"""
    CREATE USER '«user»'@'%' IDENTIFIED BY '«!password»';
    CREATE ROLE «user» WITH LOGIN PASSWORD '«!password»';
    ALTER USER «user» WITH PASSWORD '«!password»';
    SET PASSWORD FOR '«user»'@'%' = PASSWORD('«!password»');
    CREATE LOGIN «user» WITH PASSWORD = '«!password»';
    GRANT ALL ON *.* TO '«user»'@'%' IDENTIFIED BY '«!password»';
    CREATE DATABASE LINK x CONNECT TO «user» IDENTIFIED BY "«!password»" USING 'db';
    """#),
  SettingsFile(
    "languages/service.ps1",
    #"""
    $password = "«!password»"
    $secure = ConvertTo-SecureString "«!strong»" -AsPlainText -Force
    $env:API_TOKEN = "«!base62:40»"
    New-LocalUser -Name «user» -Password (ConvertTo-SecureString '«!strong»' -AsPlainText -Force)
    Invoke-Sqlcmd -Username «user» -Password "«!strong»" -Query "select 1"
    """#),
  SettingsFile(
    "languages/service.dart",
    #"""
    const String apiKey = '«!base62:32»';
    final client = Client(password: '«!password»');
    const token = String.fromEnvironment('TOKEN', defaultValue: '«!base62:40»');
    """#),
  SettingsFile(
    "languages/service.scala",
    #"""
    val password = "«!password»"
    val secret = sys.env.getOrElse("SECRET", "«!base62:32»")
    """#),
  SettingsFile(
    "languages/service.groovy",
    #"""
    def password = '«!password»'
    credentials { username '«user»'; password '«!strong»' }
    """#),
  SettingsFile(
    "languages/service.hs",
    #"""
    password = "«!password»"
    connect defaultConnectInfo { connectUser = "«user»", connectPassword = "«!password»" }
    """#),
  SettingsFile(
    "languages/service.clj",
    #"""
    (def db {:user "«user»" :password "«!password»" :host "db"})
    (def secret-key "«!base62:32»")
    """#),
  SettingsFile(
    "languages/parts.py",
    #"""
    api_secret = (
        "«!base62:40»"
    )
    password = \
        "«!password»"
    """#),
]
