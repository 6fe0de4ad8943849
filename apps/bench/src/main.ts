console.log('bench', process.argv.slice(2));
