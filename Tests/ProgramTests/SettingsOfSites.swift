// Settings of web applications, of their frameworks, and of the servers that run them.

let siteFiles: [SettingsFile] = [
  SettingsFile(
    "config/database.yml",
    #"""
    default: &default
      adapter: postgresql
      pool: <%= ENV.fetch("RAILS_MAX_THREADS") { 5 } %>
      username: «user»
      password: «!password»
    test:
      <<: *default
      database: orders_test
    production:
      url: postgres://«user»:«!password»@db.«host»/orders
      password: <%= ENV['ORDERS_DATABASE_PASSWORD'] %>
    """#),
  SettingsFile(
    "config/secrets.yml",
    #"""
    development:
      secret_key_base: «!hex:128»
    production:
      secret_key_base: <%= ENV["SECRET_KEY_BASE"] %>
      some_api_key: «!hex:32»
    """#),
  SettingsFile("config/master.key", "«!hex:32»"),
  SettingsFile("config/credentials/production.key", "«!hex:32»\n"),
  SettingsFile(
    "config/initializers/secret_token.rb",
    "# Be sure to restart your server when you modify this file.\nOrders::Application.config.secret_token = '«!hex:128»'\n"
  ),
  SettingsFile(
    "config/initializers/devise.rb",
    "Devise.setup do |config|\n  config.mailer_sender = 'no-reply@«host»'\n  config.secret_key = '«!hex:128»'\n  config.pepper = '«!hex:128»'\n  config.stretches = 11\n  config.omniauth :github, '«hex:20»', '«!hex:40»', scope: 'user'\nend\n"
  ),
  SettingsFile(
    "config/mongoid.yml",
    #"""
    production:
      clients:
        default:
          database: orders
          hosts:
            - mongo.«host»:27017
          options:
            user: '«user»'
            password: '«!password»'
            auth_source: admin
    """#),
  SettingsFile(
    "wp-config.php",
    #"""
    <?php
    define( 'DB_NAME', 'wordpress' );
    define( 'DB_USER', '«user»' );
    define( 'DB_PASSWORD', '«!password»' );
    define( 'DB_HOST', 'db.«host»' );
    define( 'DB_CHARSET', 'utf8' );
    define('AUTH_KEY',         '«!wide:64»');
    define('SECURE_AUTH_KEY',  '«!wide:64»');
    define('LOGGED_IN_KEY',    '«!wide:64»');
    define('NONCE_KEY',        '«!wide:64»');
    define('AUTH_SALT',        '«!wide:64»');
    define('SECURE_AUTH_SALT', '«!wide:64»');
    define('LOGGED_IN_SALT',   '«!wide:64»');
    define('NONCE_SALT',       '«!wide:64»');
    $table_prefix  = 'wp_';
    require_once(ABSPATH . 'wp-settings.php');
    """#),
  SettingsFile(
    "configuration.php",
    #"""
    <?php
    class JConfig {
    	public $sitename = 'Orders';
    	public $host = 'db.«host»';
    	public $user = '«user»';
    	public $password = '«!password»';
    	public $db = 'joomla';
    	public $secret = '«!base62:16»';
    	public $smtpuser = '«user»';
    	public $smtppass = '«!password»';
    	public $ftp_pass = '';
    }
    """#),
  SettingsFile(
    "LocalSettings.php",
    #"""
    <?php
    $wgDBtype = "mysql";
    $wgDBserver = "db.«host»";
    $wgDBname = "wiki";
    $wgDBuser = "«user»";
    $wgDBpassword = "«!password»";
    $wgSecretKey = "«!hex:64»";
    $wgUpgradeKey = "«!hex:16»";
    $wgSMTP = [ 'host' => 'smtp.«host»', 'username' => '«user»', 'password' => '«!password»' ];
    """#),
  SettingsFile(
    "sites/default/settings.php",
    #"""
    <?php
    $databases['default']['default'] = array (
      'database' => 'drupal',
      'username' => '«user»',
      'password' => '«!password»',
      'host' => 'db.«host»',
      'driver' => 'mysql',
    );
    $settings['hash_salt'] = '«!base64url:74»';
    """#),
  SettingsFile(
    "app/etc/local.xml",
    #"""
    <config>
        <global>
            <install><date><![CDATA[Mon, 01 Jan 2018 10:00:00 +0000]]></date></install>
            <crypt><key><![CDATA[«!hex:32»]]></key></crypt>
            <resources><default_setup><connection>
                <host><![CDATA[db.«host»]]></host>
                <username><![CDATA[«user»]]></username>
                <password><![CDATA[«!password»]]></password>
                <dbname><![CDATA[shop]]></dbname>
            </connection></default_setup></resources>
        </global>
    </config>
    """#),
  SettingsFile(
    "app/etc/env.php",
    #"""
    <?php
    return [
        'crypt' => ['key' => '«!hex:32»'],
        'db' => ['connection' => ['default' => ['host' => 'db.«host»', 'dbname' => 'shop', 'username' => '«user»', 'password' => '«!password»']]],
    ];
    """#),
  SettingsFile(
    "app/config/parameters.yml",
    #"""
    parameters:
        database_host: db.«host»
        database_port: ~
        database_user: «user»
        database_password: «!password»
        mailer_password: '«!password»'
        secret: «!hex:40»
    """#),
  SettingsFile(
    ".env",
    #"""
    APP_NAME=Orders
    APP_KEY=«!laravel»
    DB_CONNECTION=mysql
    DB_HOST=db.«host»
    DB_USERNAME=«user»
    DB_PASSWORD=«!password»
    REDIS_PASSWORD=null
    MAIL_USERNAME=«user»@«host»
    MAIL_PASSWORD="«!password»"
    PUSHER_APP_SECRET=«!hex:20»
    SESSION_SECRET='«!password»'
    """#),
  SettingsFile(
    "config.php",
    #"""
    <?php
    $CONFIG = array (
      'instanceid' => 'oc«alnum:10»',
      'passwordsalt' => '«!base62:30»',
      'secret' => '«!base62:48»',
      'dbuser' => '«user»',
      'dbpassword' => '«!password»',
      'mail_smtppassword' => '«!password»',
    );
    $db_server = "db.«host»";
    $db_pass = "«!password»";
    mysqli_connect("db.«host»", "«user»", "«!password»", "orders");
    """#),
  SettingsFile(
    "config.inc.php",
    "<?php\n$cfg['blowfish_secret'] = '«!base62:32»';\n$cfg['Servers'][$i]['user'] = '«user»';\n$cfg['Servers'][$i]['password'] = '«!password»';\n$cfg['Servers'][$i]['host'] = 'db.«host»';\n"
  ),
  SettingsFile(
    "orders/settings.py",
    #"""
    SECRET_KEY = '«!wide:50»'
    DEBUG = True
    DATABASES = {
        'default': {
            'ENGINE': 'django.db.backends.postgresql',
            'NAME': 'orders',
            'USER': '«user»',
            'PASSWORD': '«!password»',
            'HOST': 'db.«host»',
            'PORT': '5432',
        }
    }
    EMAIL_HOST_USER = '«user»@«host»'
    EMAIL_HOST_PASSWORD = '«!password»'
    AUTH_PASSWORD_VALIDATORS = [{'NAME': 'django.contrib.auth.password_validation.MinimumLengthValidator'}]
    """#),
  SettingsFile(
    "config.py",
    "class Config:\n    SECRET_KEY = '«!strong»'\n    SQLALCHEMY_DATABASE_URI = 'mysql+pymysql://«user»:«!strong»@db.«host»/orders'\n    MAIL_PASSWORD = os.environ.get('MAIL_PASSWORD') or '«!strong»'\n"
  ),
  SettingsFile(
    "src/main/resources/application.properties",
    #"""
    spring.datasource.url=jdbc:mysql://db.«host»:3306/orders?useSSL=false
    spring.datasource.username=«user»
    spring.datasource.password=«!strong»
    server.ssl.key-store=classpath:keystore.p12
    server.ssl.key-store-password=«!strong»
    spring.security.oauth2.client.registration.github.client-secret=«!hex:40»
    spring.mail.password = «!strong»
    """#),
  SettingsFile(
    "src/main/resources/application.yml",
    #"""
    spring:
      datasource:
        url: jdbc:postgresql://db.«host»/orders
        username: «user»
        password: «!strong»
      rabbitmq:
        host: mq.«host»
        password: ${RABBIT_PASSWORD}
    jwt:
      secret: «!base62:40»
      expiration: 86400
    """#),
  SettingsFile(
    "appsettings.json",
    #"""
    {
      "ConnectionStrings": {
        "Default": "Server=tcp:sql.«host»,1433;Initial Catalog=Orders;User ID=«user»;Password=«!password»;Encrypt=True;",
        "Storage": "DefaultEndpointsProtocol=https;AccountName=orders;AccountKey=«!base64:88»;EndpointSuffix=core.windows.net"
      },
      "Jwt": { "Key": "«!base62:40»", "Issuer": "https://www.«host»" },
      "Smtp": { "Host": "smtp.«host»", "User": "«user»", "Password": "«!password»" }
    }
    """#),
  SettingsFile(
    "web.config",
    #"""
    <configuration>
      <connectionStrings>
        <add name="Orders" connectionString="Data Source=sql.«host»;Initial Catalog=Orders;User ID=«user»;Password=«!password»" providerName="System.Data.SqlClient" />
      </connectionStrings>
      <appSettings>
        <add key="SmtpPassword" value="«!password»" />
        <add key="PageSize" value="25" />
      </appSettings>
      <system.web>
        <machineKey validationKey="«!HEX:128»" decryptionKey="«!HEX:64»" validation="SHA1" decryption="AES" />
        <identity impersonate="true" userName="«user»" password="«!password»" />
      </system.web>
    </configuration>
    """#),
  SettingsFile(
    "conf/tomcat-users.xml",
    #"""
    <tomcat-users>
      <role rolename="manager-gui"/>
      <user username="«user»" password="«!password»" roles="manager-gui"/>
      <user username="deploy" password="«!password»" roles="manager-script"/>
    </tomcat-users>
    """#),
  SettingsFile(
    "conf/context.xml",
    #"""
    <Context>
      <Resource name="jdbc/orders" auth="Container" type="javax.sql.DataSource" username="«user»" password="«!password»"
        driverClassName="com.mysql.jdbc.Driver" url="jdbc:mysql://db.«host»:3306/orders"/>
    </Context>
    """#),
  SettingsFile(
    "conf/server.xml",
    "<Connector port=\"8443\" SSLEnabled=\"true\" keystoreFile=\"conf/keystore.jks\" keystorePass=\"«!password»\" clientAuth=\"false\" />\n"
  ),
  SettingsFile(
    "standalone.xml",
    #"""
    <datasource jndi-name="java:jboss/datasources/OrdersDS" pool-name="OrdersDS" enabled="true">
      <connection-url>jdbc:postgresql://db.«host»/orders</connection-url>
      <driver>postgresql</driver>
      <security>
        <user-name>«user»</user-name>
        <password>«!password»</password>
      </security>
    </datasource>
    <keystore path="server.keystore" relative-to="jboss.server.config.dir" keystore-password="«!password»" alias="server"/>
    """#),
  SettingsFile(
    "mgmt-users.properties",
    "#$REALM_NAME=ManagementRealm$ This line is used by the add-user utility\n«user»=«!hex:32»\n"),
  SettingsFile(
    "hibernate.cfg.xml",
    #"""
    <hibernate-configuration><session-factory>
      <property name="hibernate.connection.url">jdbc:mysql://db.«host»/orders</property>
      <property name="hibernate.connection.username">«user»</property>
      <property name="hibernate.connection.password">«!password»</property>
      <property name="show_sql">true</property>
    </session-factory></hibernate-configuration>
    """#),
  SettingsFile(
    "jenkins/credentials.xml",
    #"""
    <com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl plugin="credentials@2.3.0">
      <scope>GLOBAL</scope>
      <id>deploy</id>
      <description>Deployment</description>
      <username>«user»</username>
      <password>«!jenkins»</password>
    </com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl>
    <org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl plugin="plain-credentials@1.7">
      <id>api</id>
      <secret>«!jenkins»</secret>
    </org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl>
    """#),
  SettingsFile(
    "users/admin/config.xml",
    "<user>\n  <fullName>«user»</fullName>\n  <properties>\n    <apiToken>«!jenkins»</apiToken>\n    <passwordHash>#jbcrypt:«!bcrypt»</passwordHash>\n  </properties>\n</user>\n"
  ),
  SettingsFile(
    "salesforce.js",
    #"""
    const jsforce = require('jsforce');
    const conn = new jsforce.Connection({ loginUrl: 'https://login.salesforce.com' });
    conn.login('«user»@«host»', '«!password»', function (err, info) {
      if (err) { return console.error(err); }
    });
    """#),
  SettingsFile(
    "config/settings.json",
    "{\"db\": {\"host\": \"db.«host»\", \"user\": \"«user»\", \"password\": \"«!strong»\"}, \"sessionSecret\": \"«!strong»\", \"port\": 8080}\n"
  ),
  SettingsFile(
    "config/prod.secret.exs",
    "use Mix.Config\nconfig :orders, OrdersWeb.Endpoint, secret_key_base: \"«!base64:64»\"\nconfig :orders, Orders.Repo, username: \"«user»\", password: \"«!password»\", database: \"orders\", pool_size: 15\n"
  ),
  SettingsFile(
    "php.ini", "[SMTP]\nSMTP = smtp.«host»\nmysqli.default_user = «user»\nmysqli.default_pw = «!password»\n"),
  SettingsFile(
    "conf/application.conf",
    "play.http.secret.key = \"«!base62:64»\"\ndb.default.username = «user»\ndb.default.password = \"«!password»\"\n"),
  SettingsFile(
    "keystore.properties",
    "storePassword=«!password»\nkeyPassword=«!password»\nkeyAlias=upload\nstoreFile=/home/«user»/upload.jks\n"),
]
